//! What passes between a run and its model and tools. Prompts, answers and arguments are opaque text here.

use crate::budget::Spend;
use crate::effect::Effect;
use crate::policy::CallPolicy;
use alloc::string::String;
use alloc::vec::Vec;

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Role {
    /// Whoever built the agent.
    System,
    /// Whoever gave the task.
    User,
    /// The model.
    Assistant,
    /// A tool.
    Tool,
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What they say.
    pub content: String,
    /// The tools an assistant's message asks for.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub tool_calls: Vec<ToolCall>,
    /// Which of them a tool's message answers.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub tool_call_id: Option<String>,
}

impl Message {
    pub(super) fn new(role: Role, content: impl Into<String>) -> Self {
        Self { role, content: content.into(), tool_calls: Vec::new(), tool_call_id: None }
    }
}

/// A tool the model wants called.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ToolCall {
    /// The model's own name for this call; its result is reported under it.
    pub id: String,
    /// The tool.
    pub tool: String,
    /// Its arguments, in canonical form (RFC 8785 for JSON), so that equal arguments are equal texts.
    pub args: String,
    /// Whether exactly these arguments need a human's yes, where whoever knows the format can tell; else the tool's
    /// own setting decides.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub risky: Option<bool>,
}

/// What a model answered: text, or tools it wants called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelReply {
    /// Its text; the answer if it wants no tools.
    pub text: String,
    /// The tools it wants, all at once.
    pub tool_calls: Vec<ToolCall>,
    /// What it cost, where the provider says so.
    pub usage: Option<Spend>,
}

impl ModelReply {
    /// An answer.
    #[must_use]
    pub fn answer(text: impl Into<String>) -> Self {
        Self { text: text.into(), tool_calls: Vec::new(), usage: None }
    }

    /// A wish for one tool.
    #[must_use]
    pub fn tool(id: impl Into<String>, tool: impl Into<String>, args: impl Into<String>) -> Self {
        let call = ToolCall { id: id.into(), tool: tool.into(), args: args.into(), risky: None };
        Self { text: String::new(), tool_calls: alloc::vec![call], usage: None }
    }
}

/// A tool the agent has.
///
/// ```
/// use steadfast::effect::Effect;
/// use steadfast::run::ToolSpec;
///
/// assert_eq!(ToolSpec::new("multiply").effect(), Effect::None);
/// let mail = ToolSpec::new("send_email").risky();
/// assert_eq!(mail.effect(), Effect::Once); // what needs a human's yes must not happen twice
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolSpec {
    name: String,
    risky: bool,
    effect: Effect,
    reconciles: bool,
    policy: CallPolicy,
}

impl ToolSpec {
    /// A safe tool without effect, under [`CallPolicy::for_tool`]. A run [refuses](super::Run::new) a name that is empty or blank.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            risky: false,
            effect: Effect::None,
            reconciles: false,
            policy: CallPolicy::for_tool(),
        }
    }

    /// No tool at all: what is least allowed.
    pub(super) const fn nothing() -> Self {
        Self {
            name: String::new(),
            risky: true,
            effect: Effect::Once,
            reconciles: false,
            policy: CallPolicy::unguarded(),
        }
    }

    /// It needs a human's yes, and its effect is [`Effect::Once`] unless [`with_effect`](Self::with_effect) says otherwise
    /// afterwards.
    #[must_use]
    pub fn risky(mut self) -> Self {
        self.risky = true;
        self.effect = Effect::Once;
        self
    }

    /// What it does to the world. A call of a tool of effect [`Effect::Once`] is never tried again by itself, whatever its policy
    /// says: where nobody knows whether it happened, a human's yes may run it again.
    #[must_use]
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// Somebody can tell afterwards whether it happened: after an unknown outcome of an effect that must not happen twice the host is
    /// asked, with [`Output::Reconcile`](super::Output::Reconcile), before a human is.
    #[must_use]
    pub fn with_reconcile(mut self) -> Self {
        self.reconciles = true;
        self
    }

    /// With other settings for its calls.
    #[must_use]
    pub fn with_policy(mut self, policy: CallPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it needs a human's yes.
    #[must_use]
    pub fn is_risky(&self) -> bool {
        self.risky
    }

    /// What it does to the world.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Whether somebody can tell afterwards if it happened.
    #[must_use]
    pub fn reconciles(&self) -> bool {
        self.reconciles
    }

    /// The settings of looking up whether it happened: those of its calls, and looking may be repeated.
    #[must_use]
    pub fn reconcile_policy(&self) -> CallPolicy {
        self.policy
    }

    /// The settings of its calls, without retries where its effect must not happen twice.
    #[must_use]
    pub fn policy(&self) -> CallPolicy {
        self.policy_for(self.effect)
    }

    /// The settings of a call that does this to the world.
    pub(super) fn policy_for(&self, effect: Effect) -> CallPolicy {
        if effect.may_repeat() || sabotaged!(OnceIsRetried) { self.policy } else { self.policy.with_retry(None) }
    }
}
