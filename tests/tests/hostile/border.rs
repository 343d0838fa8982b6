//! What a component can do wrong at the border itself (H-21 to H-28), and what no compiler would let it do elsewhere.

use std::time::Duration;

use oomnitza_connector::sandbox::{Limits, describe};
use wasm_encoder::ValType::{I32, I64};

use crate::attack::{Attack, loader, said};
use crate::raw::{BEYOND, DESCRIBED, HEAP, NEW, NEXT, OPENED, Raw, at, code, constant, endless};

const TEXT: u32 = 5000;

async fn run(raw: &Raw) -> String {
    Attack::with(raw.load().unwrap())
        .limited(|attack| attack.sandbox.call_cpu = Duration::from_millis(50))
        .run()
        .await
        .said()
}

/// The ground that the others stand on: without their one change the component is in order.
#[tokio::test]
async fn a_component_made_by_hand_is_in_order() {
    let none = Raw::new().page([0; 9]);
    assert_eq!(run(&none).await, "well");
    let once = Raw::new()
        .page([0, 1, 4000, 4, 1, 5000, 1, 0, 0])
        .data(4000, b"[{}]")
        .data(5000, b"x");
    let once = once.with(|raw| {
        // The second time there is no page: the flag of the first is cleared, and what was there before decides.
        raw.next = code(|code| {
            code.i32_const(NEXT)
                .i32_const(6000)
                .i32_load(at(0))
                .i32_eqz()
                .i32_store(at(4));
            code.i32_const(6000).i32_const(1).i32_store(at(0)).i32_const(NEXT);
        });
    });
    let outcome = Attack::with(once.load().unwrap()).run().await;
    assert_eq!((outcome.said().as_str(), outcome.pages.len()), ("well", 1));
    assert_eq!(outcome.pages[0].cursor.as_deref(), Some("x"));
}

/// H-21, H-25 to H-28: what comes back is not what its type says.
#[tokio::test]
async fn what_is_handed_over_must_be_what_its_type_says() {
    let page = |page: [u32; 9]| Raw::new().page(page).data(TEXT as i32, b"\xed\xa0\x80\xff");
    let back = |address: i32| Raw::new().with(|raw| raw.next = constant(address));
    for (what, raw, expected) in [
        (
            "records beyond memory",
            page([0, 1, BEYOND, 100, 0, 0, 0, 0, 0]),
            "list pointer/length out of bounds of memory",
        ),
        (
            "more records than memory",
            page([0, 1, 8, u32::MAX, 0, 0, 0, 0, 0]),
            "list pointer/length out of bounds of memory",
        ),
        (
            "misses beyond memory",
            page([0, 1, 4000, 2, 0, 0, 0, 0xfff0, 100]),
            "list pointer/length out of bounds of memory",
        ),
        (
            "misses whose size overflows",
            page([0, 1, 4000, 2, 0, 0, 0, 8, u32::MAX]),
            "list pointer/length out of bounds of memory",
        ),
        (
            "misses at an odd address",
            page([0, 1, 4000, 2, 0, 0, 0, 4001, 1]),
            "list pointer is not aligned",
        ),
        (
            "a cursor that is a surrogate",
            page([0, 1, 4000, 2, 1, TEXT, 3, 0, 0]),
            "invalid utf-8 sequence of 1 bytes from index 0",
        ),
        (
            "a cursor that is no text",
            page([0, 1, 4000, 2, 1, TEXT + 3, 1, 0, 0]),
            "invalid utf-8 sequence of 1 bytes from index 0",
        ),
        (
            "a cursor beyond memory",
            page([0, 1, 4000, 2, 1, BEYOND, 3, 0, 0]),
            "string pointer/length out of bounds of memory",
        ),
        (
            "neither page nor none",
            page([0, 2, 4000, 2, 0, 0, 0, 0, 0]),
            "invalid option discriminant",
        ),
        (
            "neither good nor bad",
            page([7, 0, 0, 0, 0, 0, 0, 0, 0]),
            "invalid expected discriminant",
        ),
        (
            "an error of no kind",
            page([1, 200, 0, 0, 0, 0, 0, 0, 0]),
            "unexpected discriminant: 200",
        ),
        (
            "an error beyond memory",
            page([1, 8, BEYOND, 100, 0, 0, 0, 0, 0]),
            "string pointer/length out of bounds of memory",
        ),
        ("a result beyond memory", back(-16), "pointer out of bounds of memory"),
        (
            "a result at the end of memory",
            back(0xffff),
            "return pointer not aligned",
        ),
        (
            "a result at an odd address",
            back(NEXT + 1),
            "return pointer not aligned",
        ),
    ] {
        assert_eq!(
            run(&raw).await,
            format!("the component was stopped: {expected}"),
            "{what}"
        );
    }
}

/// H-21, H-25: the same of what is given to a function of the host.
#[tokio::test]
async fn what_the_host_is_given_must_be_what_its_type_says() {
    for (what, [level, address, length], expected) in [
        ("a level that there is not", [9, TEXT, 1], "unexpected discriminant: 9"),
        (
            "a line that is no text",
            [1, TEXT, 1],
            "invalid utf-8 sequence of 1 bytes from index 0",
        ),
        (
            "a line beyond memory",
            [1, BEYOND, 100],
            "string pointer/length out of bounds of memory",
        ),
        (
            "a line longer than memory",
            [1, TEXT, u32::MAX],
            "string pointer/length out of bounds of memory",
        ),
    ] {
        let raw = Raw::new().imports_log().data(TEXT as i32, b"\xff").with(|raw| {
            raw.next = code(move |code| {
                code.i32_const(level as i32)
                    .i32_const(address as i32)
                    .i32_const(length as i32)
                    .call(1)
                    .i32_const(NEXT);
            });
        });
        assert_eq!(
            run(&raw).await,
            format!("the component was stopped: {expected}"),
            "{what}"
        );
    }
}

/// H-03: numbers at their ends.
#[tokio::test]
async fn the_largest_number_is_only_a_large_number() {
    let raw = Raw::new()
        .import("oomnitza:connector/clock@0.1.0", "sleep", &[I64], &[I64])
        .with(|raw| {
            raw.next = code(|code| {
                code.i64_const(-1).call(1).drop().i32_const(NEXT);
            });
        });
    let attack =
        Attack::with(raw.load().unwrap()).limited(|attack| attack.sandbox.call_wall = Duration::from_millis(50));
    assert_eq!(
        attack.run().await.said(),
        "the component did not finish within 50ms for one call"
    );
}

/// H-23: handles that nobody gave out, that were given back, or that are of another kind.
#[tokio::test]
async fn handles_cannot_be_forged() {
    let ldap = "oomnitza:connector/ldap@0.1.0";
    let dropping = |handle: i32| {
        Raw::new()
            .import(ldap, "[resource-drop]connection", &[I32], &[])
            .with(|raw| {
                raw.next = code(move |code| {
                    code.i32_const(handle).call(1).i32_const(NEXT);
                });
            })
    };
    let reading = Raw::new()
        .import(ldap, "[method]results.next", &[I32; 2], &[])
        .with(|raw| {
            raw.next = code(|code| {
                code.i32_const(3).i32_const(8192).call(1).i32_const(NEXT);
            });
        });
    let forged = Raw::new()
        .data(OPENED, &[0, 0, 0, 0, 99, 0, 0, 0])
        .with(|raw| raw.open = constant(OPENED));
    let own = Raw::new()
        .import(ldap, "[resource-drop]connection", &[I32], &[])
        .with(|raw| {
            raw.next = code(|code| {
                code.i32_const(7).call(NEW).call(1).i32_const(NEXT);
            });
        });
    for (what, raw, expected) in [
        ("dropped without having it", dropping(99), "unknown handle index 99"),
        (
            "dropped with a negative number",
            dropping(-1),
            "unknown handle index 4294967295",
        ),
        (
            "of another kind",
            own,
            "handle index 1 used with the wrong type, expected guest-defined resource but found a different guest-defined resource",
        ),
        ("read without having it", reading, "unknown handle index 3"),
        ("handed over without having it", forged, "unknown handle index 99"),
    ] {
        assert_eq!(
            run(&raw).await,
            format!("the component was stopped: {expected}"),
            "{what}"
        );
    }
}

/// H-24: the host is not called while it is at work in the guest's memory.
#[tokio::test]
async fn the_host_is_not_called_from_within_its_own_call() {
    let raw = Raw::new().imports_log().with(|raw| {
        raw.realloc = code(|code| {
            code.i32_const(1).i32_const(0).i32_const(0).call(1).i32_const(HEAP);
        });
    });
    assert_eq!(
        run(&raw).await,
        "the component was stopped: wasm trap: cannot leave component instance"
    );
    for (address, expected) in [
        (-16, "realloc return: beyond end of memory"),
        (0xffff, "realloc return: result not aligned"),
    ] {
        let raw = Raw::new().with(|raw| raw.realloc = constant(address));
        assert_eq!(run(&raw).await, format!("the component was stopped: {expected}"));
    }
}

/// H-01: wherever it loops, it is ended.
#[tokio::test]
async fn a_loop_is_ended_wherever_it_is() {
    let in_time = "the component used up its 50ms of processor time for one call";
    for (what, raw) in [
        ("realloc", Raw::new().with(|raw| raw.realloc = endless())),
        ("after the result", Raw::new().with(|raw| raw.post_return = endless())),
        ("the start", Raw::new().with(|raw| raw.start = Some(endless()))),
        ("check", Raw::new().with(|raw| raw.open = endless())),
    ] {
        assert_eq!(run(&raw).await, in_time, "{what}");
    }
    let limits = Limits {
        call_cpu: Duration::from_millis(50),
        ..Limits::default()
    };
    let raw = Raw::new().with(|raw| raw.describe = endless());
    let described = describe(loader().engine(), &raw.load().unwrap(), &limits).await;
    assert_eq!(said(&described), in_time);
}

/// A description depends on nothing: what it asks of the host ends it. And it has a size.
#[tokio::test]
async fn a_description_is_held_to_its_limits() {
    let limits = Limits {
        description_bytes: 2_000,
        ..Limits::default()
    };
    let described = async |raw: Raw| said(&describe(loader().engine(), &raw.load().unwrap(), &limits).await);
    let asks = Raw::new().imports_log().with(|raw| {
        raw.describe = code(|code| {
            code.i32_const(1).i32_const(0).i32_const(0).call(1).i32_const(DESCRIBED);
        });
    });
    assert!(
        described(asks).await.starts_with("the component was stopped: "),
        "it may call nobody"
    );
    let word = |offset: i32, word: u32| move |raw: Raw| raw.data(DESCRIBED + offset, &word.to_le_bytes());
    let long = word(4, 5_000)(word(0, 8_192)(Raw::new())).data(8_192, &[b'x'; 5_000]);
    let said = described(long).await;
    assert!(
        said.starts_with("the component's description cannot be used: it has "),
        "{said}"
    );
    assert!(said.ends_with(" bytes, the limit is 2000"), "{said}");
    let nameless = described(Raw::new()).await;
    assert_eq!(
        nameless,
        "the component's description cannot be used: id `` is not 1 to 40 of the letters a to z, digits and `_`"
    );
}

/// H-64: what one run left in its memory, another does not find.
#[tokio::test]
async fn memory_is_zero_in_a_second_instance() {
    let raw = Raw::new().with(|raw| {
        raw.memory_pages = 16;
        raw.next = code(|code| {
            // Ends without a word if the last page holds anything.
            code.i32_const(0xf_fff0).i64_load(at(0)).i64_const(0).i64_ne();
            code.if_(wasm_encoder::BlockType::Empty).unreachable().end();
            code.i32_const(0xf_0000)
                .i32_const(0xaa)
                .i32_const(0x1_0000)
                .memory_fill(0);
            // Once more, and it would find its own.
            code.i32_const(NEXT).i32_const(0).i32_store(at(4)).i32_const(NEXT);
        });
    });
    let loaded = raw.load().unwrap();
    for _ in 0..20 {
        assert_eq!(Attack::with(loaded.clone()).run().await.said(), "well");
    }
    let twice = Raw::new().with(|raw| {
        raw.memory_pages = 16;
        raw.next = code(|code| {
            code.i32_const(0xf_fff0).i64_load(at(0)).i64_const(0).i64_ne();
            code.if_(wasm_encoder::BlockType::Empty).unreachable().end();
            code.i32_const(0xf_0000)
                .i32_const(0xaa)
                .i32_const(0x1_0000)
                .memory_fill(0)
                .i32_const(NEXT);
        });
    });
    assert!(
        run(&twice).await.starts_with("the component stopped with a panic"),
        "the test would see it"
    );
}

/// H-07, H-08: what it wants from the start is counted like what it takes later.
#[tokio::test]
async fn what_it_wants_from_the_start_is_counted() {
    let memory = "the component ran out of memory: it may have 1048576 bytes";
    let pages = |pages: u64| Raw::new().with(|raw| raw.memory_pages = pages);
    let tables = |tables: &[u64]| Raw::new().with(|raw| raw.tables = tables.to_vec());
    let stopped = |why: &str| format!("the component was stopped: {why}");
    type Limit = fn(&mut Attack);
    let of_memory: Limit = |attack| attack.sandbox.memory_bytes = 1 << 20;
    for (what, raw, limit, expected) in [
        ("memory", pages(17), of_memory, memory.to_owned()),
        (
            "all memory there is",
            pages(65_536),
            |_| (),
            "the component ran out of memory: it may have 268435456 bytes".to_owned(),
        ),
        ("tables in bytes", tables(&[19_000; 8]), of_memory, memory.to_owned()),
        (
            "a table",
            tables(&[11]),
            |attack| attack.sandbox.table_elements = 10,
            stopped("table minimum size of 11 elements exceeds table limits"),
        ),
        (
            "a table by default",
            tables(&[u64::from(u32::MAX)]),
            |_| (),
            stopped("table minimum size of 4294967295 elements exceeds table limits"),
        ),
        (
            "tables",
            tables(&[1; 5]),
            |attack| attack.sandbox.tables = 4,
            stopped("resource limit exceeded: table count too high at "),
        ),
        (
            "instances",
            Raw::new(),
            |attack| attack.sandbox.instances = 0,
            stopped("resource limit exceeded: instance count too high at "),
        ),
        (
            "memories",
            Raw::new(),
            |attack| attack.sandbox.memories = 0,
            stopped("resource limit exceeded: memory count too high at "),
        ),
    ] {
        let said = Attack::with(raw.load().unwrap()).limited(limit).run().await.said();
        assert!(said.starts_with(&expected), "{what}: {said}");
    }
    let within = Attack::with(tables(&[10, 10]).page([0; 9]).load().unwrap()).limited(|attack| {
        attack.sandbox.table_elements = 10;
        attack.sandbox.tables = 4;
    });
    assert_eq!(within.run().await.said(), "well");
}
