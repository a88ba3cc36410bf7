//! What people are in a shop, and what each of that may: one table. Pure.

use tousu_wire::PermissionSet::{self, Apps, ComplaintsHandle, ComplaintsQuery, Platform, Sensitive};
use tousu_wire::{InvalidParameter, lenient};

/// What a person is in a shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Looks on.
    Viewer,
    /// Handles complaints.
    Agent,
    /// Answers for how they are handled.
    Supervisor,
    /// Decides what holds for the shop, and who works in it.
    Administrator,
}

/// One line of the table.
struct Line {
    role: Role,
    name: &'static str,
    title: &'static str,
    sets: &'static [PermissionSet],
    /// Interfaces beside those of the sets, and the set that each is in. Agents call consumers, which takes a number;
    /// taking a person's data away, which is in the same set, is not theirs.
    beside: &'static [(&'static str, PermissionSet)],
}

const TABLE: [Line; 4] = [
    Line {
        role: Role::Viewer,
        name: "viewer",
        title: "查看 ¦ viewer",
        sets: &[ComplaintsQuery],
        beside: &[],
    },
    Line {
        role: Role::Agent,
        name: "agent",
        title: "客服 ¦ agent",
        sets: &[ComplaintsQuery, ComplaintsHandle],
        beside: &[("tousu.complaint.reveal", Sensitive)],
    },
    Line {
        role: Role::Supervisor,
        name: "supervisor",
        title: "主管 ¦ supervisor",
        sets: &[ComplaintsQuery, ComplaintsHandle, Sensitive, Platform],
        beside: &[],
    },
    Line {
        role: Role::Administrator,
        name: "administrator",
        title: "管理员 ¦ administrator",
        sets: &[ComplaintsQuery, ComplaintsHandle, Sensitive, Platform, Apps],
        beside: &[],
    },
];

impl Role {
    /// Every role, the one that may least first.
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Agent, Role::Supervisor, Role::Administrator];

    fn line(self) -> &'static Line {
        TABLE.iter().find(|line| line.role == self).unwrap_or(&TABLE[0])
    }

    /// Its stable name.
    pub fn name(self) -> &'static str {
        self.line().name
    }

    /// What people call it (`中文 ¦ English`).
    pub fn title(self) -> &'static str {
        self.line().title
    }

    /// The role of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|line| line.name == name).map(|line| line.role)
    }

    /// The role of that name, or why it is none.
    pub fn named(name: &str) -> Result<Self, InvalidParameter> {
        Role::of_name(name).ok_or_else(|| {
            let shown = lenient::quoted(name);
            let names = Role::ALL.map(Role::name);
            let (zh, en) = (names.join("、"), names.join(", "));
            let problem = format!("收到 {shown}，应为 {zh} 之一 ¦ received {shown}, expected one of {en}");
            InvalidParameter::new("role", problem)
        })
    }

    /// The permission sets that it has.
    pub fn sets(self) -> &'static [PermissionSet] {
        self.line().sets
    }

    /// The permission sets that it has anything of: who makes somebody this gives of each.
    pub fn draws_on(self) -> impl Iterator<Item = PermissionSet> {
        let line = self.line();
        line.sets.iter().copied().chain(line.beside.iter().map(|beside| beside.1))
    }

    /// Whether it may call the interface of that name, which asks for that set.
    pub fn may_call(self, interface: &str, set: PermissionSet) -> bool {
        self.sets().contains(&set) || self.line().beside.contains(&(interface, set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_the_one_below_may() {
        for pair in Role::ALL.windows(2) {
            let (lower, higher) = (pair[0], pair[1]);
            assert!(lower.sets().iter().all(|set| higher.sets().contains(set)), "{lower:?} {higher:?}");
            let mut beside = lower.line().beside.iter();
            assert!(beside.all(|(name, set)| higher.may_call(name, *set)), "{higher:?}");
        }
        assert_eq!(Role::Administrator.sets().len(), PermissionSet::ALL.len());
        for role in Role::ALL {
            assert_eq!(Role::of_name(role.name()), Some(role));
        }
    }

    #[test]
    fn an_agent_reveals_and_does_not_erase() {
        assert!(Role::Agent.may_call("tousu.complaint.reveal", Sensitive));
        assert!(!Role::Agent.may_call("tousu.complaint.erase", Sensitive));
        assert!(!Role::Viewer.may_call("tousu.complaint.reveal", Sensitive));
        assert!(Role::Agent.draws_on().any(|set| set == Sensitive));
    }
}
