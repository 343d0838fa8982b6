//! Processor time and time on the clock.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::time::Duration;

use crate::attack::{Attack, said};

const SOON: Duration = Duration::from_millis(50);

/// H-01, H-02, H-04: whatever it does, a call that does not end is ended.
#[tokio::test]
async fn a_call_that_works_for_ever_is_ended() {
    for mode in ["loop", "loop-in-open", "host-calls", "fill"] {
        let outcome = Attack::of(mode)
            .limited(|attack| attack.sandbox.call_cpu = SOON)
            .run()
            .await;
        assert_eq!(
            outcome.said(),
            "the component used up its 50ms of processor time for one call",
            "{mode}"
        );
    }
    let check = Attack::of("loop-in-check")
        .limited(|attack| attack.sandbox.call_cpu = SOON)
        .check()
        .await;
    assert_eq!(
        said(&check),
        "the component used up its 50ms of processor time for one call"
    );
}

/// H-01: each call is within its time, but there is no end to them.
#[tokio::test]
async fn a_run_has_a_budget_of_processor_time() {
    let attack = Attack::of("slow-pages").size(30).limited(|attack| {
        attack.sandbox.call_cpu = Duration::from_secs(20);
        attack.sandbox.run_cpu = Duration::from_millis(200);
    });
    let outcome = attack.run().await;
    assert_eq!(
        outcome.said(),
        "the component used up its 200ms of processor time for one run"
    );
    assert!(!outcome.pages.is_empty(), "pages until then are kept");
}

/// H-03: waiting costs no processor time.
#[tokio::test]
async fn a_guest_that_sleeps_for_ever_is_woken() {
    let outcome = Attack::of("sleep")
        .limited(|attack| attack.sandbox.call_wall = SOON)
        .run()
        .await;
    assert_eq!(outcome.said(), "the component did not finish within 50ms for one call");
    let outcome = Attack::of("sleep")
        .limited(|attack| attack.sandbox.run_wall = SOON)
        .run()
        .await;
    assert_eq!(outcome.said(), "the component did not finish within 50ms for one run");
}

/// H-62: what ended is not called again.
#[tokio::test]
async fn after_its_end_a_component_is_not_called_again() {
    for mode in ["loop", "panic", "abort", "not-json", "settings"] {
        let outcome = Attack::of(mode)
            .limited(|attack| attack.sandbox.call_cpu = SOON)
            .run()
            .await;
        assert_eq!(
            outcome.again.unwrap().to_string(),
            "the host made a mistake: a component was called again after it had ended",
            "{mode}"
        );
    }
}

/// H-01: with one thread for everybody, others get their turn whenever the guest's future is left. That is once a tick, a hundred times in
/// this second, and nothing on the clock decides it; a guest that did not yield would leave it once, at its end.
///
/// How long a turn takes is counted in this thread's own processor time: on a busy machine the clock says what others did.
#[tokio::test(flavor = "current_thread")]
async fn others_go_on_while_a_guest_loops() {
    for mode in ["loop", "fill", "host-calls"] {
        let attack = Attack::of(mode).limited(|attack| attack.sandbox.call_cpu = Duration::from_secs(1));
        let mut run = pin!(attack.run());
        let (mut turns, mut worst) = (0, Duration::ZERO);
        let outcome = poll_fn(|context| {
            let before = processor_time();
            let polled = run.as_mut().poll(context);
            turns += 1;
            worst = worst.max(processor_time() - before);
            polled
        })
        .await;
        assert!(outcome.end.is_err(), "{mode}");
        assert!(turns > 100, "{mode}: {turns} turns");
        assert!(worst < Duration::from_millis(50), "{mode}: {worst:?}");
    }
}

/// What this thread has had of the processor, as Linux counts it.
fn processor_time() -> Duration {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanoseconds = counted.split(' ').next().unwrap().parse();
    Duration::from_nanos(nanoseconds.unwrap())
}
