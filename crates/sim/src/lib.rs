//! A world for agents, in virtual time: a scripted model, tools and a human, faults drawn from a seed, and one loop that
//! drives the real engine through it.
//!
//! ```
//! use steadfast_sim::{Scenario, simulate};
//!
//! let outcome = simulate(&Scenario::Flaky.setup(7));
//! let result = outcome.result.unwrap();
//! assert_eq!(result.answer, "17 * 23 = 391.");
//! assert_eq!((result.steps, result.degraded), (2, false));
//! ```

#![warn(clippy::float_arithmetic, clippy::disallowed_types)]

mod books;
mod change;
mod clock;
mod fault;
mod human;
mod journal;
mod naive;
mod price;
mod recorded;
mod scenario;
mod script;
mod simulate;
pub mod swarm;
mod world;

pub use books::Counts;
pub use change::{Altered, Change};
pub use clock::VirtualClock;
pub use fault::{Fault, FaultPlan, Faults, MOST_WINDOWS, Occurrence, Window};
pub use human::{Human, Reaction};
pub use journal::{Journal, Line, What, WorldEvent};
pub use scenario::{Scenario, UnknownScenario};
pub use script::{ANSWER, MAIL_TO, QUESTION, QUESTION_WITH_MAIL, tools};
pub use simulate::{Ending, Outcome, Setup, SimulatedResult, default_policy, simulate};
