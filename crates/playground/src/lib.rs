//! What the playground knows and does, without a browser: one [`State`], one [`Action`], one [`update`], and what is drawn
//! from the journal up to the present position.
//!
//! Whoever shows it holds a `State`, calls `update` for whatever a person does and for the passing of time, and draws what
//! [`page()`] reads out of it. There is no second model of the truth: every picture comes from the lines of the journal up to
//! the present position, and the journal from the real engine.
//!
//! ```
//! use steadfast_playground::{Action, State, link, update};
//!
//! let mut state = State::default();
//! for _ in 0..5 {
//!     update(&mut state, Action::Step);
//! }
//! assert_eq!(state.shown().last().unwrap().to_string().trim_start().split(':').next(), Some("0 s  Fault \"Flaky model\""));
//! assert_eq!(link::write(&state), "v=2&at=5");
//! ```

mod action;
mod answer;
pub mod axis;
mod branch;
mod breaker;
pub mod code;
mod conversation;
mod drawing;
mod ending;
mod entered;
pub mod file;
mod fork;
mod form;
mod hint;
mod incident;
pub mod json;
pub mod link;
pub mod odds;
mod pace;
mod page;
mod paint;
mod parting;
mod pattern;
mod phase;
mod question;
mod recording;
mod remembered;
mod row;
mod rows;
mod settings;
mod shortcut;
mod spending;
mod state;
mod stride;
mod timeline;
mod why;

pub use action::{Action, update};
pub use answer::{Answer, LONGEST_ARGS, LONGEST_MESSAGE};
pub use branch::{Branch, LONGEST_NAME, MOST, Origin};
pub use breaker::{BreakerNow, BreakerState};
pub use conversation::{Said, Voice};
pub use drawing::{Canvas, Drawing};
pub use ending::{Ending, EndingKind, ending};
pub use entered::{Entered, Refused};
pub use fork::Change;
pub use form::{Choice, ForkForm};
pub use hint::hint;
pub use incident::{Replayed, Told};
pub use pace::Speed;
pub use page::{Beside, Page, Parted, Tab, page};
pub use paint::painted;
pub use parting::{Difference, differences, parting, tells_of_a_change, twin};
pub use pattern::{Pattern, pattern};
pub use phase::{Moment, Phase};
pub use question::{Argument, Asking, Draft, Question, compare, last_args, questions};
pub use recording::Recording;
pub use row::{Kind, Row, row};
pub use rows::rows;
pub use settings::{
    Group, Key, Most, Policy, Preset, Settings, Unit, parse_rate, parse_seed, parse_windows, write_rate, write_windows,
};
pub use shortcut::{SHORTCUTS, shortcut};
pub use spending::dollars;
pub use state::{Field, State};
pub use stride::{Stride, is_decision};
pub use timeline::{Band, Dot, FaultBar, Item, Lane, Shape, Timeline};
pub use why::{Otherwise, Why};
