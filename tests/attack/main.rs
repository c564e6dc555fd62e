//! Attacks on a service that runs as a process of its own, over sockets. While each of them goes on,
//! somebody else asks for the nearest reports, and the memory of the process is looked at.
//!
//! The bounds are wide, because the program under test is not optimised and the machine has other
//! work: an answer within two seconds, 512 MB more than idle. The figures of a release build on a
//! machine of its own, with a million reports and strict bounds:
//!
//! ```text
//! ATTACK_REPORTS=1000000 ATTACK_P99_MS=100 cargo test --release --test attack -- --nocapture
//! ```

#[allow(dead_code, unused_imports)] // This binary needs only a part of the shared helpers.
#[path = "../it/common/mod.rs"]
mod common;

mod attacks;
mod floods;
mod frames;
mod target;
mod walls;
mod wire;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use attacks::Attack;
use target::{Noticed, Target};

/// A number that the environment may set.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Memory above that of the idle service, in MB.
const MEMORY_MB_MAX: u64 = 512;

/// How often each status came, the most frequent first; 0 is no answer.
fn counted(statuses: &[u16]) -> String {
    let mut known: Vec<(u16, usize)> = Vec::new();
    for status in statuses {
        match known.iter_mut().find(|(other, _)| other == status) {
            Some((_, count)) => *count += 1,
            None => known.push((*status, 1)),
        }
    }
    known.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let text: Vec<String> = known.iter().map(|(status, n)| format!("{status} × {n}")).collect();
    text.join(", ")
}

/// Lets an attack go on for so long; what others noticed, and the statuses that the attackers got.
fn under(target: &Target, attack: &Attack, time: Duration) -> (Noticed, Vec<u16>) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let one = |number| {
            let (attacker, stop) = (&attack.attacker, &stop);
            scope.spawn(move || attacker(target, number, stop))
        };
        let attackers: Vec<_> = (0..attack.count).map(one).collect();
        let noticed = target.ask(time, &AtomicBool::new(false));
        stop.store(true, Ordering::Relaxed);
        let statuses = attackers.into_iter().flat_map(|one| one.join().unwrap()).collect();
        (noticed, statuses)
    })
}

fn row(name: &str, noticed: &Noticed, statuses: &str) {
    let ms = |share| noticed.quantile(share).as_secs_f64() * 1_000.0;
    println!(
        "{name:<36} {:>5} {:>9.1} {:>9.1} {:>9.1} {:>7}  {statuses}",
        noticed.times.len(),
        ms(0.5),
        ms(0.99),
        ms(1.0),
        noticed.memory_mb
    );
}

#[test]
fn no_attack_holds_the_service() {
    let time = Duration::from_secs(setting("ATTACK_SECONDS", 3));
    let p99_max = Duration::from_millis(setting("ATTACK_P99_MS", 2_000));
    let target = Target::start(setting("ATTACK_REPORTS", 10_000) as u32);
    println!(
        "{:<36} {:>5} {:>9} {:>9} {:>9} {:>7}  attackers' statuses",
        "attack", "asked", "p50 ms", "p99 ms", "max ms", "MB"
    );
    let idle = target.ask(time, &AtomicBool::new(false));
    row("none", &idle, "");
    let mut violations = Vec::new();
    for attack in attacks::all() {
        let (noticed, statuses) = under(&target, &attack, time);
        row(attack.name, &noticed, &counted(&statuses));
        let is_slow = noticed.times.is_empty() || noticed.quantile(0.99) > p99_max;
        if is_slow || !noticed.failures.is_empty() {
            let (p99, failures) = (noticed.quantile(0.99), counted(&noticed.failures));
            violations.push(format!("{}: p99 {p99:?}, failures: {failures}", attack.name));
        }
        if noticed.memory_mb > idle.memory_mb + MEMORY_MB_MAX {
            violations.push(format!("{}: {} MB", attack.name, noticed.memory_mb));
        }
        // What an attack began may end before the next one begins.
        common::eventually("the service answers again", || {
            target.service.get("/readyz").status == 200
        });
    }
    let after = target.ask(time, &AtomicBool::new(false));
    row("none, afterwards", &after, "");
    assert!(!target.errors().contains("panicked"), "{}", target.errors());
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}
