//! What is asked, in an order nobody can foresee.
use crate::step::Step;

/// A script cannot be drawn from these words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// There is nothing to ask.
    #[error("a script needs at least one step")]
    Empty,
    /// No step may come twice in a row, so one step alone makes no longer script.
    #[error("{0} steps cannot be drawn from {1} alone: no step comes twice in a row")]
    OneStep(usize, Step),
}

/// Draws `len` steps out of `allow`, none twice in a row; every possible script is as likely as
/// any other. `bits` gives random bits, as [`crate::entropy::bits`] does.
///
/// # Errors
///
/// [`ScriptError`] where there is no such script, or whatever `bits` fails with.
pub fn draw<E: From<ScriptError>>(
    len: usize,
    allow: &[Step],
    mut bits: impl FnMut() -> Result<u64, E>,
) -> Result<Vec<Step>, E> {
    let mut words = allow.to_vec();
    words.sort();
    words.dedup();
    match words.as_slice() {
        [] => return Err(ScriptError::Empty.into()),
        _ if len == 0 => return Err(ScriptError::Empty.into()),
        &[only] if len > 1 => return Err(ScriptError::OneStep(len, only).into()),
        _ => {}
    }
    let mut script: Vec<Step> = Vec::with_capacity(len);
    while script.len() < len {
        let choices: Vec<Step> = (words.iter().copied())
            .filter(|step| script.last() != Some(step))
            .collect();
        let index = below(choices.len() as u64, &mut bits)?;
        script.extend(choices.get(index as usize));
    }
    Ok(script)
}

/// Puts `count` moments of stillness among the steps of `script`: before, between or behind them, never
/// two side by side, every choice of places as likely as any other. As many as there is room for.
///
/// # Errors
///
/// Whatever `bits` fails with.
pub fn catch<E>(
    script: &[Step],
    count: usize,
    mut bits: impl FnMut() -> Result<u64, E>,
) -> Result<Vec<Step>, E> {
    // A place for each step to come before, and the end.
    let mut places: Vec<usize> = (0..=script.len()).collect();
    let mut chosen = vec![];
    while chosen.len() < count && !places.is_empty() {
        let index = below(places.len() as u64, &mut bits)?;
        chosen.push(places.swap_remove(index as usize));
    }
    let mut all = vec![];
    for place in 0..=script.len() {
        if chosen.contains(&place) {
            all.push(Step::HoldStill);
        }
        all.extend(script.get(place));
    }
    Ok(all)
}

/// What a session asks: `steps` gestures out of `allow` with `catches` moments of stillness among them, and
/// `extra` steps in reserve; see [`draw`] and [`catch`]. Two and more gestures have a turn or a shake
/// among them, if there is one in `allow`: photographs that take each other's place blink, nod and open their mouths before a slow camera.
///
/// # Errors
///
/// As [`draw`].
pub fn script<E: From<ScriptError>>(
    allow: &[Step],
    steps: usize,
    extra: usize,
    catches: usize,
    mut bits: impl FnMut() -> Result<u64, E>,
) -> Result<(Vec<Step>, Vec<Step>), E> {
    let must = must_turn(allow, steps);
    loop {
        let mut script = draw(steps + extra, allow, &mut bits)?;
        let reserve = script.split_off(steps);
        if !must || turns(&script) {
            return Ok((catch(&script, catches, bits)?, reserve));
        }
    }
}

fn turns(script: &[Step]) -> bool {
    script.iter().any(|step| step.is_turn())
}

/// Whether a script of so many steps out of these must have a turn among them; see [`script`].
pub fn must_turn(allow: &[Step], steps: usize) -> bool {
    steps > 1 && turns(allow)
}

/// A number below `n`, each as likely as any other: draws that would favour small ones are thrown
/// away.
fn below<E>(n: u64, bits: &mut impl FnMut() -> Result<u64, E>) -> Result<u64, E> {
    let fair = u64::MAX - u64::MAX % n;
    loop {
        let drawn = bits()?;
        if drawn < fair {
            return Ok(drawn % n);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Repeatable;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn seeded(seed: u64) -> impl FnMut() -> Result<u64, ScriptError> {
        let mut random = Repeatable::new(seed);
        move || Ok(random.bits())
    }

    proptest! {
        #[test]
        fn no_step_comes_twice_in_a_row(seed: u64, len in 1usize..12, n in 2usize..=6) {
            let allow = &Step::ALL[..n];
            let script = draw(len, allow, seeded(seed)).unwrap();
            prop_assert_eq!(script.len(), len);
            prop_assert!(script.windows(2).all(|w| w[0] != w[1]));
            prop_assert!(script.iter().all(|s| allow.contains(s)));
        }
    }

    #[test]
    fn every_script_is_as_likely() {
        let mut bits = seeded(1);
        let mut counts: HashMap<Vec<Step>, u32> = HashMap::new();
        for _ in 0..24_000 {
            *counts
                .entry(draw(2, &Step::ALL[..4], &mut bits).unwrap())
                .or_default() += 1;
        }
        // 4 * 3 scripts, 2000 each; five standard deviations are 215.
        assert_eq!(counts.len(), 12);
        assert!(
            counts.values().all(|n| n.abs_diff(2000) < 215),
            "{counts:?}"
        );
    }

    proptest! {
        #[test]
        fn stillness_comes_among_the_steps_and_never_twice_in_a_row(seed: u64, len in 1usize..8, count in 0usize..12) {
            let script = draw(len, &Step::ALL[..5], seeded(seed)).unwrap();
            let all = catch(&script, count, seeded(seed)).unwrap();
            let still = all.iter().filter(|s| **s == Step::HoldStill).count();
            prop_assert_eq!(still, count.min(len + 1));
            prop_assert!(all.windows(2).all(|w| w[0] != w[1]));
            let others: Vec<Step> = all.into_iter().filter(|s| *s != Step::HoldStill).collect();
            prop_assert_eq!(others, script);
        }
    }

    proptest! {
        #[test]
        fn two_gestures_and_more_have_a_turn(seed: u64, steps in 1usize..6, n in 2usize..=7) {
            let allow = &Step::ALL[..n];
            let (script, reserve) = script(allow, steps, 4, 1, seeded(seed)).unwrap();
            prop_assert_eq!((script.len(), reserve.len()), (steps + 1, 4));
            prop_assert!(turns(&script) || !turns(allow) || steps == 1, "{:?}", script);
        }
    }

    #[test]
    fn every_place_for_stillness_is_as_likely() {
        let mut bits = seeded(2);
        let mut counts = [0u32; 4];
        for _ in 0..8_000 {
            let all = catch(&[Step::Nod, Step::Blink, Step::Nod], 1, &mut bits).unwrap();
            counts[all.iter().position(|s| *s == Step::HoldStill).unwrap()] += 1;
        }
        // 2000 each; five standard deviations are 194.
        assert!(counts.iter().all(|n| n.abs_diff(2000) < 194), "{counts:?}");
    }

    #[test]
    fn what_cannot_be_drawn_is_said() {
        assert_eq!(draw(3, &[], seeded(0)), Err(ScriptError::Empty));
        assert_eq!(draw(0, &[Step::Nod], seeded(0)), Err(ScriptError::Empty));
        let one = draw(2, &[Step::Nod, Step::Nod], seeded(0));
        assert_eq!(one, Err(ScriptError::OneStep(2, Step::Nod)));
        assert_eq!(draw(1, &[Step::Nod], seeded(0)), Ok(vec![Step::Nod]));
    }
}
