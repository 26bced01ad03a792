//! Presets: agents from naive to hardened, each with one thing more than the one before.

use super::table::Key;
use super::{Policy, Settings};

/// An agent under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preset {
    /// No engine at all.
    Naive,
    /// The engine with retries and nothing else.
    Retries,
    /// And limits of time.
    Timeouts,
    /// And a breaker, a step limit that counts, a progress detector, approvals: the page's default.
    Breaker,
    /// And another model to ask.
    Fallback,
    /// And everything else there is.
    Hardened,
}

impl Preset {
    /// All of them, from naive to hardened.
    pub const ALL: [Self; 6] =
        [Self::Naive, Self::Retries, Self::Timeouts, Self::Breaker, Self::Fallback, Self::Hardened];

    /// Its name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Naive => "Naive",
            Self::Retries => "Retries only",
            Self::Timeouts => "With timeouts",
            Self::Breaker => "With breaker and approval",
            Self::Fallback => "With fallback",
            Self::Hardened => "Hardened",
        }
    }

    /// What the agent has, in a sentence.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Naive => "An agent that asks, calls, and believes that all will be well.",
            Self::Retries => "A failed attempt is followed by another; nothing limits how long one takes.",
            Self::Timeouts => "Attempts, calls and tools may take only so long.",
            Self::Breaker => {
                "What keeps failing is left alone, what goes in circles is stopped, and risky tools ask first."
            }
            Self::Fallback => "Where the first model cannot be had, a second one is asked.",
            Self::Hardened => {
                "Streams are watched, money is counted, and a lost e-mail is looked up before anybody sends it again."
            }
        }
    }

    /// Gives these settings its agent, and leaves faults and seed as they are.
    pub fn apply(self, settings: &mut Settings) {
        settings.protection = self != Self::Naive;
        settings.policy = self.policy();
    }

    fn policy(self) -> Policy {
        let values: &[(Key, &str)] = match self {
            Self::Naive | Self::Breaker => &[],
            Self::Retries => &[
                (Key::Timeout, "none"),
                (Key::Deadline, "none"),
                (Key::RetryBudget, "off"),
                (Key::Breaker, "off"),
                (Key::Progress, "off"),
                (Key::MaxSteps, "50"),
                (Key::MultiplyTimeout, "none"),
                (Key::MailTimeout, "none"),
                (Key::MailRisky, "off"),
                (Key::MailEffect, "none"),
            ],
            Self::Timeouts => &[
                (Key::RetryBudget, "off"),
                (Key::Breaker, "off"),
                (Key::Progress, "off"),
                (Key::MaxSteps, "50"),
                (Key::MailRisky, "off"),
                (Key::MailEffect, "none"),
            ],
            Self::Fallback => &[(Key::Models, "2")],
            Self::Hardened => &[
                (Key::Models, "2"),
                (Key::FirstOutput, "2000"),
                (Key::Idle, "1000"),
                (Key::Deadline, "20000"),
                (Key::RunDeadline, "60000"),
                (Key::BreakerSlow, "on"),
                (Key::BudgetAttempts, "40"),
                (Key::BudgetTokens, "20000"),
                (Key::BudgetMoney, "0.1"),
                (Key::ApprovalExpiresAfter, "60000"),
                (Key::MailReconcile, "on"),
            ],
        };
        let mut policy = Policy::default();
        for (key, text) in values {
            // A test holds that none of them is refused.
            let _ = policy.set(*key, text);
        }
        policy
    }
}

impl Settings {
    /// The preset whose agent this is, if it is one.
    #[must_use]
    pub fn preset(&self) -> Option<Preset> {
        let is = |preset: &Preset| {
            self.protection == (*preset != Preset::Naive) && (!self.protection || self.policy == preset.policy())
        };
        Preset::ALL.into_iter().find(is)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast_sim::{Fault, FaultPlan, Faults, Human, Outcome, simulate};

    fn outcome(preset: Preset, fault: Fault, human: Human) -> Outcome {
        let mut settings = Settings { faults: FaultPlan::from(Faults::NONE.with(fault, true)), ..Settings::default() };
        preset.apply(&mut settings);
        simulate(&settings.setup(human))
    }

    #[test]
    fn every_preset_is_recognised_and_says_what_it_says() {
        for preset in Preset::ALL {
            let mut settings = Settings::default();
            preset.apply(&mut settings);
            assert_eq!(settings.preset(), Some(preset));
        }
        assert_eq!(Settings::default().preset(), Some(Preset::Breaker));
        assert_eq!(Preset::Hardened.policy().text(Key::MailReconcile), "on");
        assert_eq!(Preset::Hardened.policy().changed().count(), 11, "none of its values is refused");
        assert_eq!(Preset::Retries.policy().changed().count(), 10);
        assert_eq!(Preset::Timeouts.policy().changed().count(), 6);
    }

    #[test]
    fn each_preset_survives_what_the_one_before_does_not() {
        let answers = |preset, fault| {
            let result = outcome(preset, fault, Human::Approves).result.unwrap();
            !result.degraded && result.answer.starts_with("17 * 23 = 391.")
        };
        for (worse, better, fault) in [
            (Preset::Naive, Preset::Retries, Fault::FlakyModel),
            (Preset::Retries, Preset::Timeouts, Fault::HungCall),
            (Preset::Breaker, Preset::Fallback, Fault::Outage),
        ] {
            assert_eq!((answers(worse, fault), answers(better, fault)), (false, true), "{fault:?}");
        }
        let steps = |preset| outcome(preset, Fault::RunawayLoop, Human::Approves).result.unwrap().steps;
        assert_eq!((steps(Preset::Timeouts), steps(Preset::Breaker)), (50, 5));
    }

    #[test]
    fn a_mail_whose_word_is_lost_goes_out_twice_until_it_is_sent_once_and_looked_up() {
        let mails = |preset, human| {
            let outcome = outcome(preset, Fault::LostAcknowledgement, human);
            let sent = outcome.journal.to_string().matches("send_email took effect").count();
            (sent, outcome.result.unwrap().answer)
        };
        let sent = "17 * 23 = 391. The mail to ana@example.com is sent.";
        assert!(mails(Preset::Timeouts, Human::Nobody).0 > 1, "it is tried again as if nothing had happened");
        assert_eq!(mails(Preset::Hardened, Human::Approves), (1, sent.into()));
    }
}
