//! Memory, stack, and ends without dignity.

use crate::attack::Attack;
use crate::child::{in_child, most_memory};

/// H-07: what a store has is summed, and the process does not grow beyond it.
#[test]
fn a_memory_bomb_is_stopped() {
    in_child("memory::a_memory_bomb_is_stopped", async {
        // Compiled first, so that only the guest's own memory is counted.
        assert_eq!(Attack::of("good").run().await.said(), "well");
        let before = most_memory();
        let outcome = Attack::of("memory")
            .limited(|attack| attack.sandbox.memory_bytes = 32 << 20)
            .run()
            .await;
        assert_eq!(
            outcome.said(),
            "the component ran out of memory: it may have 33554432 bytes"
        );
        let grown = most_memory() - before;
        assert!(grown < 96 << 20, "the process grew by {grown} bytes");
    });
}

/// H-05: the stack ends, by itself or with the host at the bottom of it, and the process does not.
#[test]
fn a_recursion_without_end_is_stopped() {
    in_child("memory::a_recursion_without_end_is_stopped", async {
        for mode in ["recurse", "recurse-and-call"] {
            assert_eq!(
                Attack::of(mode).run().await.said(),
                "the component overflowed its stack",
                "{mode}"
            );
        }
    });
}

/// H-43: what it says last is cut and cleaned.
#[tokio::test]
async fn a_panic_is_told_without_what_it_should_not_say() {
    let said = Attack::of("panic").size(1 << 20).run().await.said();
    assert!(
        said.starts_with("the component stopped with a panic: panicked at "),
        "{said}"
    );
    assert!(said.contains("gave up \\u{1b}[2J with panic xxx"), "{said}");
    assert!(said.len() < 600 && said.ends_with('…'), "{} bytes: {said}", said.len());
    assert_eq!(
        Attack::of("abort").run().await.said(),
        "the component stopped with a panic: it did not say why"
    );
}

/// The same of an error that a connector reports.
#[tokio::test]
async fn an_error_is_told_without_what_it_should_not_say() {
    let said = Attack::of("long-error").size(1 << 20).run().await.said();
    assert!(
        said.starts_with("the source answered something unexpected: \\u{1b}[2J\\nxxx"),
        "{said}"
    );
    assert!(said.len() < 1_100 && said.ends_with('…'), "{} bytes", said.len());
}

/// H-20: ten million strings without a letter in them are much to the host and little to the guest.
#[tokio::test]
async fn what_crosses_the_border_at_once_is_counted() {
    let fuel = "the component was stopped: too much data is being copied between the host and the guest";
    let said = |attack: Attack| async move { attack.run().await.said() };
    let by_default = Attack::of("ask-with-nothing").size(1_000_000);
    assert!(said(by_default).await.starts_with(fuel));
    let limited = Attack::of("ask-with-nothing")
        .size(10_000)
        .limited(|attack| attack.sandbox.hostcall_bytes = 64 << 10);
    assert!(said(limited).await.starts_with(fuel));
    let within = Attack::of("ask-with-nothing").size(10_000);
    assert_eq!(
        said(within).await,
        "the source answered something unexpected: GET /: the request has 10000 headers, the limit is 100"
    );
}
