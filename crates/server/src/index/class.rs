//! What of a complaint a filter can ask for, in one byte, and a filter as the set of such bytes.

use tousu_wire::codes::{ChannelType, Overtime, State};
use tousu_wire::complaint_list::Filter;

/// How many classes there are.
pub(super) const CLASSES: usize = STANDINGS.len() * CHANNELS.len();

/// A complaint's channel, its state, and whether it is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(pub(super) u8);

/// The channels that a filter can name; those that it cannot share a class.
const CHANNELS: [Option<ChannelType>; 5] = [
    Some(ChannelType::Shop),
    Some(ChannelType::Platform),
    Some(ChannelType::WechatPay),
    Some(ChannelType::Alipay),
    None,
];

/// State and lateness. An unlisted state is open; an unlisted fact of a closed complaint is neither late nor
/// in time.
const STANDINGS: [(Option<State>, Option<Overtime>); 9] = [
    (Some(State::Pending), Some(Overtime::InTime)),
    (Some(State::Pending), Some(Overtime::Late)),
    (Some(State::InProgress), Some(Overtime::InTime)),
    (Some(State::InProgress), Some(Overtime::Late)),
    (None, Some(Overtime::InTime)),
    (None, Some(Overtime::Late)),
    (Some(State::Done), Some(Overtime::InTime)),
    (Some(State::Done), Some(Overtime::Late)),
    (Some(State::Done), None),
];

impl Class {
    /// The class of a complaint of that channel and state which is late or not.
    pub(super) fn of(channel: ChannelType, state: State, overtime: Overtime) -> Self {
        let channel = CHANNELS.iter().position(|known| *known == Some(channel)).unwrap_or(CHANNELS.len() - 1);
        let standing = match (state, overtime) {
            (State::Done, Overtime::InTime) => 6,
            (State::Done, Overtime::Late) => 7,
            (State::Done, Overtime::Other(_)) => 8,
            (State::Pending, overtime) => usize::from(overtime == Overtime::Late),
            (State::InProgress, overtime) => 2 + usize::from(overtime == Overtime::Late),
            (State::Other(_), overtime) => 4 + usize::from(overtime == Overtime::Late),
        };
        Class((standing * CHANNELS.len() + channel) as u8)
    }

    /// The same complaint after its deadline passed, or before it did; a closed one stays what it is.
    pub(super) fn made_late(self, late: bool) -> Self {
        let (standing, channel) = (self.0 as usize / CHANNELS.len(), self.0 as usize % CHANNELS.len());
        match standing {
            0..6 => Class(((standing & !1 | usize::from(late)) * CHANNELS.len() + channel) as u8),
            _ => self,
        }
    }

    fn matches(self, filter: &Filter) -> bool {
        let channel = CHANNELS[self.0 as usize % CHANNELS.len()];
        let (state, overtime) = STANDINGS[self.0 as usize / CHANNELS.len()];
        filter.channel_type.is_none_or(|wanted| channel == Some(wanted))
            && filter.state.is_none_or(|wanted| state == Some(wanted))
            && filter.is_overtime.is_none_or(|wanted| overtime == Some(wanted))
    }
}

/// A set of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClassSet(u64);

impl ClassSet {
    /// The classes that the filter lets through; its times and its id are not looked at.
    pub(super) fn of(filter: &Filter) -> Self {
        if (filter.channel_type, filter.state, filter.is_overtime) == (None, None, None) {
            return ClassSet((1 << CLASSES) - 1);
        }
        let matching = (0..CLASSES as u8).filter(|&class| Class(class).matches(filter));
        ClassSet(matching.fold(0, |set, class| set | 1 << class))
    }

    pub(super) fn is_all(self) -> bool {
        self.0 == (1 << CLASSES) - 1
    }

    pub(super) fn contains(self, class: u8) -> bool {
        self.0 >> class & 1 == 1
    }

    /// How many of `len` complaints, counted by class, are in the set.
    pub(super) fn count<N: Copy + Into<u32>>(self, counts: &[N; CLASSES], len: usize) -> usize {
        // The smaller of the set and what it leaves out is summed.
        if self.0.count_ones() as usize > CLASSES / 2 {
            return len - ClassSet(!self.0 & ((1 << CLASSES) - 1)).sum(counts);
        }
        self.sum(counts)
    }

    fn sum<N: Copy + Into<u32>>(self, counts: &[N; CLASSES]) -> usize {
        let (mut rest, mut sum) = (self.0, 0);
        while rest != 0 {
            let count: u32 = counts[rest.trailing_zeros() as usize % CLASSES].into();
            sum += count as usize;
            rest &= rest - 1;
        }
        sum
    }
}
