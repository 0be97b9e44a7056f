//! What a session asks, and what it still has in reserve.
use std::collections::VecDeque;

use crate::step::Step;

/// The steps of a session in order; they grow while answers are slow, wrong or missing.
#[derive(Debug)]
pub struct Questions {
    script: Vec<Step>,
    /// Steps that such answers add, the next one first.
    reserve: VecDeque<Step>,
}

impl Questions {
    /// Asks `script`, with nothing in reserve.
    pub fn new(script: Vec<Step>) -> Self {
        Self {
            script,
            reserve: VecDeque::new(),
        }
    }

    /// Puts `steps` in reserve, in this order.
    pub fn keep(&mut self, steps: impl Iterator<Item = Step>) {
        self.reserve = steps.collect();
    }

    /// All that is asked so far.
    pub fn script(&self) -> &[Step] {
        &self.script
    }

    /// Asks one step more in the end, if one is left.
    pub fn add(&mut self) {
        self.script.extend(self.reserve.pop_front());
    }

    /// Asks another step after the one at `index`, which nobody was seen to answer, and one step more in
    /// the end. Where it can be helped that one is not asked again: what was not seen once will not be seen
    /// later either. `false` where there is no other.
    pub fn replace(&mut self, index: usize) -> bool {
        let Some(&unseen) = self.script.get(index) else {
            return false;
        };
        let next = self.script.get(index + 1).copied();
        let Some(step) = self.another(unseen, &[next]) else {
            return false;
        };
        self.script.insert(index + 1, step);
        self.reserve.retain(|step| *step != unseen);
        for place in index + 2..self.script.len() {
            let beside = [place - 1, place + 1].map(|place| self.script.get(place).copied());
            if self.script.get(place) == Some(&unseen)
                && let Some(step) = self.another(unseen, &beside)
                && let Some(later) = self.script.get_mut(place)
            {
                *later = step;
            }
        }
        self.add();
        true
    }

    /// A step from the reserve that can stand for `step`; where it can be helped none of those `beside` it,
    /// which would then be asked twice in a row. One that needs depth gives way to another such step alone, and a
    /// turn to another turn: else pictures would wait for those that need less.
    fn another(&mut self, step: Step, beside: &[Option<Step>]) -> Option<Step> {
        let as_good = |other: &Step| {
            (other.needs_depth() || !step.needs_depth()) && (other.is_turn() || !step.is_turn())
        };
        let fits = |other: &Step| *other != step && as_good(other);
        let apart = |other: &Step| fits(other) && !beside.contains(&Some(*other));
        let mut reserve = self.reserve.iter();
        let place = (reserve.position(apart)).or_else(|| self.reserve.iter().position(fits))?;
        self.reserve.remove(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Step::{Blink, BlinkTwice, HoldStill, Nod, OpenMouth, Shake, TurnLeft};

    fn questions(script: &[Step], reserve: &[Step]) -> Questions {
        let mut questions = Questions::new(script.to_vec());
        questions.keep(reserve.iter().copied());
        questions
    }

    #[test]
    fn an_unseen_step_is_not_asked_again() {
        let script = [BlinkTwice, HoldStill, BlinkTwice, Nod];
        let mut questions = questions(&script, &[OpenMouth, BlinkTwice, Shake, TurnLeft]);
        assert!(questions.replace(0));
        let asked = [BlinkTwice, OpenMouth, HoldStill, Shake, Nod, TurnLeft];
        assert_eq!(questions.script(), asked);
    }

    #[test]
    fn it_is_asked_again_where_nothing_else_is_left() {
        let mut questions = questions(&[Nod, OpenMouth, Nod], &[Blink, Shake]);
        assert!(questions.replace(0));
        assert_eq!(questions.script(), [Nod, Shake, OpenMouth, Nod, Blink]);
        assert!(!questions.replace(3), "nothing in reserve");
    }

    #[test]
    fn what_is_asked_instead_is_not_what_is_asked_next() {
        let mut questions = questions(&[Nod, TurnLeft], &[TurnLeft, Shake, Blink]);
        assert!(questions.replace(0));
        assert_eq!(questions.script(), [Nod, Shake, TurnLeft, TurnLeft]);
    }

    #[test]
    fn a_turn_gives_way_to_a_turn_alone() {
        let mut turned = questions(&[TurnLeft], &[Nod, OpenMouth, Shake]);
        assert!(turned.replace(0));
        assert_eq!(turned.script(), [TurnLeft, Shake, Nod]);
        assert!(!questions(&[Shake], &[Nod, Blink]).replace(0));
    }

    #[test]
    fn what_needs_depth_gives_way_to_depth_alone() {
        let mut questions = questions(&[Nod], &[Blink, OpenMouth]);
        assert!(!questions.replace(0));
        assert_eq!(questions.script(), [Nod]);
    }
}
