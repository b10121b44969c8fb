//! How steps ended: what holds because nothing happens, or nothing is refused, says little.

use std::collections::BTreeMap;

use testkit::Answer;

use super::steps::{Kind, TRIED};

/// Why something is refused that somebody with more rights has.
const HOLDER: &str = "outranked by a holder";

/// What must have been refused for its own reason, and not for the lack of a permission alone: by any of these.
const REFUSED: [(&[Kind], &str); 11] = [
    (&[Kind::Assign, Kind::Limit], "beyond_own_rights"),
    (&[Kind::Invite], "beyond_own_rights"),
    (&[Kind::MakeRole, Kind::ChangeRole], "beyond_own_rights"),
    (&[Kind::MakeKey, Kind::RotateKey], "beyond_own_rights"),
    (&[Kind::Assign], "outranked"),
    (&[Kind::Limit], "outranked"),
    (&[Kind::Remove], "outranked"),
    (&[Kind::Withdraw], "outranked"),
    (&[Kind::ChangeRole, Kind::DeleteRole], HOLDER),
    (&[Kind::ChangeGroup, Kind::DeleteGroup], HOLDER),
    (&[Kind::Accept], "invitation_void"),
];

/// What became of the steps of all sequences.
#[derive(Debug, Default)]
pub(super) struct Tally {
    steps: u32,
    /// Those that changed something.
    changes: BTreeMap<Kind, u32>,
    /// Those that were refused, by why.
    refusals: BTreeMap<(Kind, String), u32>,
}

impl Tally {
    pub(super) fn add(&mut self, kind: Kind, answer: &Answer, is_changed: bool) {
        self.steps += 1;
        if is_changed {
            *self.changes.entry(kind).or_default() += 1;
        } else if !answer.status.is_success() {
            *self.refusals.entry((kind, why(answer))).or_default() += 1;
        }
    }

    /// At least a quarter of the steps changed something, and each kind of them; as many were refused, for each reason
    /// that there is.
    pub(super) fn check(&self) {
        let changes: u32 = self.changes.values().sum();
        let refusals: u32 = self.refusals.values().sum();
        assert!(4 * changes >= self.steps, "{self:?}");
        assert!(4 * refusals >= self.steps, "{self:?}");
        for (_, kind) in TRIED {
            assert!(self.changes.contains_key(&kind), "{kind:?}: {self:?}");
        }
        for (kinds, why) in REFUSED {
            let mut refusals = self.refusals.keys();
            let is_among = refusals.any(|(kind, reason)| kinds.contains(kind) && reason == why);
            assert!(is_among, "{kinds:?}, {why}: {self:?}");
        }
    }
}

fn why(answer: &Answer) -> String {
    let text = |name: &str| answer.body[name].as_str().unwrap_or_default();
    match text("code") {
        "outranked" if text("detail").starts_with("somebody with") => HOLDER.to_owned(),
        code => code.to_owned(),
    }
}
