//! What must be true of every act that was allowed, whatever it was.

use std::collections::BTreeSet;

use super::model::Model;
use super::pairs::{Holder, Pairs, Place, of};
use super::steps::Deed;

/// An act that was allowed.
pub(super) struct Act<'a> {
    pub(super) deed: &'a Deed,
    /// On whose rights it rests: whoever did it, or whoever sent the invitation that was accepted.
    pub(super) by: usize,
    pub(super) before: &'a Model,
    pub(super) after: &'a Model,
}

impl Act<'_> {
    pub(super) fn check(&self) {
        let (before, after) = (self.before.rights(), self.after.rights());
        let actor = of(&before, &Holder::Person(self.by));
        self.rests_on_a_permission(&actor);
        let holders: BTreeSet<&Holder> = before.keys().chain(after.keys()).collect();
        for holder in holders {
            let (had, has) = (of(&before, holder), of(&after, holder));
            let gained: Pairs = has.difference(&had).copied().collect();
            let beyond: Pairs = gained.difference(&actor).copied().collect();
            assert!(beyond.is_empty(), "{self} gave {holder:?} {beyond:?}");
            if had != has || self.moves(holder) {
                let beyond: Pairs = had.difference(&actor).copied().collect();
                assert!(
                    beyond.is_empty() || self.ends(holder),
                    "{self} touched {holder:?}, who had {beyond:?}"
                );
            }
        }
        assert!(self.after.owner().is_some(), "{self} left no owner");
    }

    /// What the act before took from them acts at once.
    fn rests_on_a_permission(&self, actor: &Pairs) {
        let needed = self.deed.kind().needs();
        let is_entitled = needed.is_none_or(|needed| actor.contains(&(needed, Place::Tenant)));
        assert!(is_entitled, "{self} by somebody with {actor:?}");
    }

    /// Whether somebody has another role or other groups than before, be it the same that they amount to.
    fn moves(&self, holder: &Holder) -> bool {
        let Holder::Person(person) = holder else {
            return false;
        };
        let position = |model: &Model| model.lists.members.get(person).cloned();
        position(self.before) != position(self.after)
    }

    /// Whoever manages keys ends any of them, so that one that leaked is ended by whoever sees it first.
    fn ends(&self, holder: &Holder) -> bool {
        matches!((self.deed, holder), (Deed::RevokeKey { key }, Holder::Key(ended)) if key == ended)
    }
}

impl std::fmt::Display for Act<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { deed, by, .. } = self;
        write!(f, "{deed:?} by {by}")
    }
}
