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
//! assert_eq!(link::write(&state), "v=1&scenario=flaky&faults=flaky&protection=on&seed=7&at=5");
//! ```

mod action;
pub mod axis;
mod breaker;
mod ending;
mod hint;
pub mod link;
mod pace;
mod page;
mod pattern;
mod phase;
mod row;
mod settings;
mod state;
mod timeline;

pub use action::{Action, update};
pub use breaker::{BreakerNow, BreakerState, breaker};
pub use ending::{Ending, EndingKind, ending};
pub use hint::hint;
pub use pace::Speed;
pub use page::{Page, page};
pub use pattern::{Pattern, pattern};
pub use phase::{Moment, Phase, moment};
pub use row::{Kind, Row, row};
pub use settings::{Settings, parse_seed};
pub use state::{Answer, State};
pub use timeline::{Band, Item, Lane, Shape, Timeline, timeline};
