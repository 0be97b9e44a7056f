use super::*;

fn ms(ms: u64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn mishap(fault: Fault, from: u64, to: u64) -> Mishap {
    let (fault, from, to) = (Some(fault), ms(from), ms(to));
    Mishap { fault, from, to }
}

fn spell(fault: Fault, from: u64, to: u64) -> Spell {
    let (from, to) = (ms(from), Some(ms(to)));
    Spell { fault, from, to }
}

/// A day on which all went as it must.
fn good() -> Account {
    Account {
        end: ms(100_000),
        mishaps: vec![
            mishap(Fault::Stalled, 10_000, 20_000),
            Mishap {
                fault: None,
                from: ms(40_000),
                to: ms(41_500),
            },
            mishap(Fault::Slow, 50_000, 60_000),
            mishap(Fault::Busy, 95_000, 120_000),
        ],
        spells: vec![
            spell(Fault::Stalled, 12_000, 20_100),
            spell(Fault::Slow, 41_600, 43_000),
            spell(Fault::Slow, 51_500, 61_000),
            Spell {
                fault: Fault::Busy,
                from: ms(95_500),
                to: None,
            },
        ],
        passes: vec![
            Pass {
                session: 1,
                from: ms(25_000),
                to: ms(35_000),
            },
            // A slow camera breaks nothing, and a pass may end as a fault begins.
            Pass {
                session: 2,
                from: ms(52_000),
                to: ms(58_000),
            },
            Pass {
                session: 3,
                from: ms(88_000),
                to: ms(95_400),
            },
        ],
        asked: vec![],
        played: vec![1, 2, 3, 4],
        logged: vec![1, 2, 3, 4],
        findings: vec![],
        broken: vec![],
        memory: Some(Memory {
            early: 100_000_000,
            late: 101_999_999,
            judged: true,
        }),
    }
}

/// The one violation of a good day of which something was changed.
fn violation(change: impl FnOnce(&mut Account)) -> String {
    let mut account = good();
    change(&mut account);
    let mut violations = account.violations();
    assert_eq!(violations.len(), 1, "{violations:?}");
    violations.remove(0)
}

#[test]
fn a_good_day_has_none() {
    assert_eq!(good().violations(), Vec::<String>::new());
}

#[test]
fn a_session_without_a_record_and_a_record_without_a_session_are_found() {
    let lost = violation(|day| day.logged.truncate(3));
    assert_eq!(
        lost,
        "session 0000000000000004 was played 1 times and logged 0 times"
    );
    let foreign = violation(|day| day.logged.push(9));
    assert!(foreign.contains("9 was played 0 times"), "{foreign}");
    let twice = violation(|day| day.logged.push(2));
    assert!(twice.ends_with("played 1 times and logged 2 times"));
}

#[test]
fn a_log_that_does_not_verify_is_found() {
    let text = violation(|day| day.findings.push("record 7: it was changed".to_owned()));
    assert_eq!(text, "the log: record 7: it was changed");
}

#[test]
fn a_pass_during_a_fault_is_found() {
    let text = violation(|day| day.passes[0].from = ms(18_000));
    let want = "session 0000000000000001 passed, 2.0 s of it at stalled of 10.0 s";
    assert_eq!(text, want);
    let text = violation(|day| day.passes[2].to = ms(95_600));
    assert!(
        text.ends_with("3 passed, and was told busy of 95.5 s"),
        "{text}"
    );
}

#[test]
fn a_fault_that_nobody_told_of_is_found() {
    let text = violation(|day| day.spells = day.spells.split_off(1));
    assert_eq!(text, "nobody told of stalled of 10.0 s, for 10.0 s");
    let mut day = good();
    day.spells.remove(0);
    day.mishaps[0].to = ms(12_900);
    assert!(day.violations().is_empty(), "too short to be told");
}

#[test]
fn a_fault_that_is_told_late_or_by_another_name_is_found() {
    let text = violation(|day| day.spells[0].from = ms(12_600));
    assert_eq!(text, "stalled of 10.0 s was told after 2.6 s");
    let text = violation(|day| day.spells[0].fault = Fault::Unplugged);
    assert_eq!(text, "stalled of 10.0 s was told as unplugged alone");
    let mut day = good();
    day.spells.insert(0, spell(Fault::Black, 9_000, 12_600));
    day.mishaps.insert(0, mishap(Fault::Black, 9_000, 10_000));
    assert!(day.violations().is_empty(), "the one before still stood");
}

#[test]
fn a_fault_that_is_told_for_ever_is_found() {
    let text = violation(|day| day.spells[0].to = Some(ms(23_500)));
    assert_eq!(
        text,
        "stalled of 12.0 s was told for 3.5 s while nothing was wrong"
    );
    let text = violation(|day| day.spells[2].to = None);
    let want = "slow of 51.5 s was told for 35.0 s while nothing was wrong, and stands";
    assert_eq!(text, want);
}

#[test]
fn a_fault_that_is_told_for_nothing_is_found() {
    let text = violation(|day| day.spells.push(spell(Fault::Black, 80_000, 81_000)));
    assert_eq!(text, "black of 80.0 s was told, and nothing was wrong");
}

#[test]
fn memory_that_grows_and_what_breaks_down_are_found() {
    let text = violation(|day| {
        day.memory = Some(Memory {
            early: 100_000_000,
            late: 102_000_000,
            judged: true,
        });
    });
    assert_eq!(text, "memory grew by 2000000 bytes, from 100000000");
    let text = violation(|day| day.broken.push("a panic".to_owned()));
    assert_eq!(text, "a panic");
}

#[test]
fn news_is_heard_once_however_often_it_is_told() {
    let mut account = Account::default();
    let event = |state, t_ms| Event::Camera {
        state,
        fault: Fault::Black,
        text: String::new(),
        t_ms,
    };
    account.hear(&event(Change::Fault, 500.0), ms(1_000));
    account.hear(&event(Change::Fault, 0.0), ms(3_000));
    account.hear(&event(Change::Back, 1_000.0), ms(3_000));
    account.hear(&event(Change::Back, 2_000.0), ms(3_000));
    assert_eq!(account.spells, [spell(Fault::Black, 1_500, 4_000)]);
}

#[test]
fn times_to_tell_and_to_recover_are_those_of_the_fault_itself() {
    let tally = good().faults();
    let stalled = &tally[&Fault::Stalled];
    assert_eq!(
        (stalled.staged, stalled.recognised, stalled.told),
        (1, 1, 1)
    );
    assert_eq!(stalled.longest_to_tell_s, Longest(Some(2.0)));
    assert_eq!(stalled.longest_to_recover_s, Longest(Some(0.1)));
    let slow = &tally[&Fault::Slow];
    assert_eq!((slow.staged, slow.recognised, slow.told), (1, 1, 2));
    let busy = &tally[&Fault::Busy];
    assert_eq!(busy.longest_to_recover_s, Longest(None));
}
