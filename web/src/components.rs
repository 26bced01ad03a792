//! The parts of the page, one file each. They draw and send actions; what is true they read from the store.

mod approval;
mod breaker;
mod button;
mod events;
mod faults;
mod intro;
mod loop_strip;
mod notice;
mod outcome;
mod seed;
mod switch;
mod text;
mod timeline;
mod transport;
mod why;

pub(crate) use approval::Approval;
pub(crate) use breaker::Breaker;
pub(crate) use events::Events;
pub(crate) use faults::Faults;
pub(crate) use intro::Intro;
pub(crate) use loop_strip::LoopStrip;
pub(crate) use notice::Notice;
pub(crate) use outcome::Outcome;
pub(crate) use seed::Seed;
pub(crate) use timeline::Timeline;
pub(crate) use transport::Transport;
pub(crate) use why::Why;
