//! Act: each tool call from the model's wish to its result, through approval, the shared ledger and what is looked up later.

use super::action::{Action, Claiming, Stage, Unsure, block_of, report_block, report_unknown};
use super::commons::Place;
use super::end::note;
use super::message::{ToolCall, ToolSpec};
use super::turn::drain;
use super::{Output, Run};
use crate::approval::{Approval, Outcome, Verdict};
use crate::call::{self, Call};
use crate::effect::{Claim, Claimed, Effect, EffectOutcome, EffectState, LedgerEntry, Reconciliation};
use crate::event::{BlockReason, Event};
use crate::failure::{Failure, FailureClass};
use crate::id::{ApprovalId, Key};
use crate::outcome::CallError;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

impl Run {
    /// Begins one tool call: at once, after a human's yes, or not at all.
    pub(super) fn act(&mut self, wanted: ToolCall) -> Action {
        let Some(tool) = self.tools.iter().position(|tool| tool.name() == wanted.tool) else {
            let name = wanted.tool.clone();
            self.record(None, || Event::ToolUnknown { tool: name });
            let known: Vec<_> = self.tools.iter().map(ToolSpec::name).collect();
            let text = alloc::format!("There is no tool {}. The tools are: {}.", wanted.tool, known.join(", "));
            return Action { call: wanted, key: None, tool: 0, approved: false, stage: Stage::Settled(text) };
        };
        if let Some((key, text)) = self.happened_after_all(&wanted.tool, &wanted.args) {
            return Action { call: wanted, key: Some(key), tool, approved: false, stage: Stage::Settled(text) };
        }
        let key = self.next_key();
        let wanted = if sabotaged!(ArgumentsAreMadeUp) { ToolCall { args: "[9]".into(), ..wanted } } else { wanted };
        self.ledger.put(LedgerEntry {
            key,
            tool: wanted.tool.clone(),
            args: wanted.args.clone(),
            effect: self.tool(tool).effect(),
            state: EffectState::Intended,
            tries: 0,
            output: String::new(),
        });
        let stage = match self.ledger.unsettled(&wanted.tool, &wanted.args).map(String::from) {
            Some(error) if !self.asks_less(&wanted) => self.doubtful_stage(&wanted.tool, &wanted.args, key, error),
            _ => self.gate(&wanted, tool, key, &wanted.args),
        };
        Action { call: wanted, key: Some(key), tool, approved: false, stage }
    }

    /// A wish of which nothing is in doubt: it runs, or a human is asked, or it is blocked.
    pub(super) fn gate(&mut self, wanted: &ToolCall, tool: usize, key: Key, args: &str) -> Stage {
        match self.verdict(wanted, tool) {
            Verdict::Run => self.begin_tool(tool, key, args.into(), None),
            _ if self.asks_less(wanted) => self.begin_tool(tool, key, args.into(), None),
            Verdict::Ask => self.ask(&wanted.tool, key, args, None),
            Verdict::Deny => self.block(&wanted.tool, key, BlockReason::NobodyToAsk, ""),
        }
    }

    fn verdict(&self, wanted: &ToolCall, tool: usize) -> Verdict {
        let of_host = wanted.risky.filter(|_| !sabotaged!(RiskyArgumentsAreNotAskedAbout));
        self.policy.approval().check(of_host.unwrap_or(self.tool(tool).is_risky()))
    }

    /// Whether it may run as far as risk goes: it is not risky, or has its yes.
    pub(super) fn may_run(&self, action: &Action) -> bool {
        action.approved || self.verdict(&action.call, action.tool) == Verdict::Run || self.asks_less(&action.call)
    }

    /// Whether it is broken on purpose, and asks nobody about this.
    fn asks_less(&self, wanted: &ToolCall) -> bool {
        let approver = self.policy.approval().has_approver();
        sabotaged!(NobodyIsAsked) && approver
            || sabotaged!(NobodyIsThereToAsk) && !approver
            || sabotaged!(OneYesForAll) && self.ledger.tools_in(&[EffectState::Done]).contains(&&*wanted.tool)
    }

    /// The model asks for something again that may have happened already: that is a human's decision, risky or not.
    fn doubtful_stage(&mut self, name: &str, args: &str, key: Key, error: String) -> Stage {
        if self.policy.approval().has_approver() {
            let unsure = Unsure::new(key, args.into(), 0, Failure::new(FailureClass::Incomplete, error));
            return self.ask(name, key, args, Some(unsure));
        }
        let _ = self.block(name, key, BlockReason::NobodyToAsk, "");
        Stage::Settled(report_unknown(name, &error))
    }

    pub(super) fn ask(&mut self, tool: &str, key: Key, args: &str, again: Option<Unsure>) -> Stage {
        self.approvals = self.approvals.saturating_add(1);
        let id = ApprovalId(self.approvals);
        let gate = self.policy.approval();
        let mut approval = Approval::ask(id, key, tool, args, self.now, gate, self.policy.hash());
        if let Some(unsure) = &again {
            approval = approval.again(&unsure.error);
        }
        let request = approval.request();
        self.trace.record(self.now, Some(key.call), None, || Event::ApprovalAsked {
            id,
            tool: request.tool.clone(),
            args: request.args.clone(),
            digest: request.digest,
            expires_at: request.expires_at,
            again: request.again,
        });
        if !self.suspends {
            let mut shown = request.clone();
            if sabotaged!(HumanIsShownSomethingElse) {
                shown.args = "[9]".into();
            }
            self.outputs.push_back(Output::Ask(shown));
        }
        Stage::Asking { approval, again }
    }

    /// Runs a tool, in a run that shares its ledger with other resumes only after asking there.
    pub(super) fn begin_tool(&mut self, tool: usize, key: Key, args: String, again: Option<Unsure>) -> Stage {
        // A late word may have settled it while a human was asked.
        if let Some(done) = self.ledger.entry(key).filter(|entry| entry.state == EffectState::Done) {
            self.aftermath.answered(key);
            return Stage::Settled(done.output.clone());
        }
        if self.claims && self.effect_of(key) == Effect::Once && !self.granted.contains(&key) {
            return self.claim(tool, key, args, None, again);
        }
        self.run_tool(tool, key, args, again.as_ref())
    }

    fn claim(
        &mut self,
        tool: usize,
        key: Key,
        args: String,
        blocked: Option<(BlockReason, String)>,
        again: Option<Unsure>,
    ) -> Stage {
        let claiming = Claiming { key, args, blocked, again, asks: false, answer: None };
        self.ask_ledger(tool, &claiming);
        Stage::Claiming(claiming)
    }

    /// Asks the shared ledger; after a restore, once more.
    pub(super) fn ask_ledger(&mut self, tool: usize, claiming: &Claiming) {
        let Claiming { key, args, blocked, again, .. } = claiming;
        let state = if blocked.is_some() { EffectState::Blocked } else { EffectState::Started };
        let output = blocked.as_ref().map(|(_, message)| message.clone()).unwrap_or_default();
        let (name, effect) = (self.tool(tool).name().into(), self.effect_of(*key));
        let tries = self.ledger.entry(*key).map_or(0, |entry| entry.tries);
        let entry = LedgerEntry { key: *key, tool: name, args: args.clone(), effect, state, tries, output };
        self.outputs.push_back(Output::Claim(Claim { entry, again: again.is_some() }));
    }

    fn run_tool(&mut self, tool: usize, key: Key, args: String, again: Option<&Unsure>) -> Stage {
        // Its place is found in the field itself, for the trace is written beside it.
        let (effect, Some(spec)) = (self.effect_of(key), self.tools.get(tool)) else {
            return Stage::Settled(String::new());
        };
        let mut call = Call::new(key, &spec.policy_for(effect), 1, self.seed, self.deadline);
        let attempts = again.map_or(0, |again| again.attempts);
        if let Some(again) = again {
            call = call.after_attempts(again.attempts);
        }
        let event = || Event::ToolCalled { tool: spec.name().into(), args: args.clone(), effect };
        self.trace.record(self.now, Some(key.call), None, event);
        call.handle(self.now, call::Input::Start, &mut self.commons.of_tool(tool), &mut self.trace);
        // What an earlier try left open, another that fails does not settle.
        Stage::Running { call, args, output: None, attempts, unsure: again.is_some() }
    }

    pub(super) fn block(&mut self, tool: &str, key: Key, reason: BlockReason, message: &str) -> Stage {
        note(&mut self.blocked, tool);
        if self.granted.contains(&key) {
            // The shared ledger has it as begun.
            self.enter(key, EffectState::Blocked, message);
        } else {
            self.ledger.set(key, EffectState::Blocked, message);
        }
        self.record(None, || Event::ToolBlocked { tool: tool.into(), reason });
        Stage::Settled(report_block(tool, reason, message))
    }

    /// Moves one tool call on as far as it goes without waiting for anything.
    pub(super) fn advance(&mut self, action: &mut Action) {
        loop {
            let stage = core::mem::replace(&mut action.stage, Stage::Settled(String::new()));
            let (next, moved) = self.step(action, stage);
            action.stage = next;
            if !moved {
                return;
            }
        }
    }

    /// The stage after this one, and whether it is another.
    fn step(&mut self, action: &Action, stage: Stage) -> (Stage, bool) {
        let tool = action.tool;
        match stage {
            Stage::Asking { approval, again } => match approval.outcome() {
                None => (Stage::Asking { approval, again }, false),
                Some(outcome) => (self.decided_stage(action, approval.key(), outcome, again), true),
            },
            Stage::Claiming(claiming) if claiming.answer.is_none() => (Stage::Claiming(claiming), false),
            Stage::Claiming(claiming) => (self.claimed_stage(action, claiming), true),
            Stage::Running { mut call, args, mut output, attempts, unsure } => {
                let name = &action.call.tool;
                let mut begun = 0;
                let act = |attempt| {
                    begun += 1;
                    Output::Act { attempt, tool: name.clone(), args: args.clone() }
                };
                let result = drain(&mut call, &mut self.outputs, act);
                for _ in 0..begun {
                    self.ledger.start(call.key(), &args);
                }
                match result {
                    None => (Stage::Running { call, args, output, attempts, unsure }, false),
                    Some(Ok(attempt)) => {
                        self.remember(Place::Tool(tool), &call);
                        let text = output.take().unwrap_or_default();
                        self.note_success(call.key(), attempt);
                        self.enter(call.key(), EffectState::Done, &text);
                        let event = || Event::ToolReplied { tool: name.clone(), output: text.clone() };
                        self.record(Some(call.id()), event);
                        (Stage::Settled(text), false)
                    }
                    Some(Err(error)) => {
                        self.remember(Place::Tool(tool), &call);
                        let sent = call.attempts() > attempts;
                        (self.failed_stage(action, &call, args, &error, unsure || sent, unsure), true)
                    }
                }
            }
            Stage::Reconciling { mut call, unsure, mut found } => {
                let key = unsure.key;
                let (name, args) = (&action.call.tool, &unsure.args);
                let ask = |attempt| Output::Reconcile { attempt, key, tool: name.clone(), args: args.clone() };
                match drain(&mut call, &mut self.outputs, ask) {
                    None => (Stage::Reconciling { call, unsure, found }, false),
                    Some(result) => {
                        self.remember(Place::Books(tool), &call);
                        let found = result.ok().and_then(|_| found.take()).unwrap_or(Reconciliation::Unknown);
                        (self.reconciled_stage(action, unsure, found), true)
                    }
                }
            }
            Stage::Interrupted { key, args, attempts, twice } => {
                // What became risky while it was away, and never had a yes, needs one to run again.
                let may = action.approved || self.verdict(&action.call, tool) == Verdict::Run;
                let repeats = self.effect_of(key).may_repeat();
                if repeats && !may && attempts == 0 {
                    return (self.gate(&action.call, tool, key, &args), true);
                }
                if repeats && may || sabotaged!(InterruptedRunsAgain) {
                    let failure = Failure::new(FailureClass::Incomplete, "");
                    let again = Unsure::new(key, args.clone(), attempts, failure);
                    return (self.run_tool(tool, key, args, Some(&again)), true);
                }
                let failure = Failure::new(FailureClass::Incomplete, "its process ended while it was under way");
                let unsure = Unsure { twice, ..Unsure::new(key, args, attempts, failure) };
                (self.unsure_stage(action, unsure), true)
            }
            Stage::Settled(text) => (Stage::Settled(text), false),
        }
    }

    /// After a human's answer, or none in time.
    fn decided_stage(&mut self, action: &Action, key: Key, outcome: &Outcome, again: Option<Unsure>) -> Stage {
        let (tool, name) = (action.tool, action.call.tool.as_str());
        if let Outcome::Approved { args, edited, .. } = outcome
            && let Some(stage) = self.known_stage(name, args, key, *edited, again.as_ref())
        {
            return stage;
        }
        match (outcome, block_of(outcome), again) {
            (Outcome::Approved { .. }, _, again) if sabotaged!(EditIsForgotten) => {
                self.begin_tool(tool, key, action.call.args.clone(), again)
            }
            (Outcome::Denied { .. }, _, again) if sabotaged!(NoIsAYes) => {
                self.begin_tool(tool, key, action.call.args.clone(), again)
            }
            (Outcome::Expired, _, again) if sabotaged!(SilenceIsAYes) => {
                self.begin_tool(tool, key, action.call.args.clone(), again)
            }
            (Outcome::Approved { args, .. }, _, again) => self.begin_tool(tool, key, args.clone(), again),
            (_, Some((reason, message)), Some(unsure)) => {
                // Of what was never begun under this key it is known that it did not happen.
                if unsure.attempts == 0 {
                    let _ = self.block(&action.call.tool, key, reason, message);
                }
                let word = if message.is_empty() { String::new() } else { alloc::format!(" They said: {message}") };
                Stage::Settled(alloc::format!("{}{word}", report_unknown(&action.call.tool, &unsure.error)))
            }
            (_, Some((reason, message)), None)
                if self.claims && self.effect_of(key) == Effect::Once && !self.granted.contains(&key) =>
            {
                self.claim(tool, key, action.call.args.clone(), Some((reason, message.into())), None)
            }
            (_, Some((reason, message)), None) => self.block(&action.call.tool, key, reason, message),
            (_, None, again) => self.begin_tool(tool, key, action.call.args.clone(), again),
        }
    }

    /// A human's yes covers what they knew: not another call like it that turned out to have happened, nor, where they changed
    /// the arguments, one that may have.
    fn known_stage(&mut self, name: &str, args: &str, key: Key, edited: bool, again: Option<&Unsure>) -> Option<Stage> {
        if again.map_or(edited, |unsure| unsure.attempts == 0)
            && let Some((_, text)) = self.happened_after_all(name, args)
        {
            self.ledger.set(key, EffectState::Blocked, &text);
            return Some(Stage::Settled(text));
        }
        let error = self.ledger.unsettled(name, args).filter(|_| edited && again.is_none()).map(String::from)?;
        Some(self.doubtful_stage(name, args, key, error))
    }

    /// After the shared ledger's answer.
    fn claimed_stage(&mut self, action: &Action, claiming: Claiming) -> Stage {
        let Claiming { key, args, blocked, again, asks, answer } = claiming;
        let (tool, name) = (action.tool, action.call.tool.as_str());
        let (state, output) = match (answer, blocked) {
            (None | Some(Claimed::Granted), Some((reason, message))) => return self.block(name, key, reason, &message),
            (None | Some(Claimed::Granted), None) if asks && again.is_none() => {
                self.granted.push(key);
                return self.gate(&action.call, tool, key, &args);
            }
            (None | Some(Claimed::Granted), None) => {
                return self.run_tool(tool, key, args, again.as_ref());
            }
            (Some(Claimed::Taken { .. }), None) if sabotaged!(LedgerIsNotHeard) => {
                return self.run_tool(tool, key, args, again.as_ref());
            }
            (Some(Claimed::Taken { state, output }), _) => (state, output),
        };
        self.record(Some(key.call), || Event::EffectTaken { tool: name.into(), state });
        match state {
            EffectState::Done => {
                self.ledger.set(key, state, &output);
                Stage::Settled(output)
            }
            EffectState::Failed => {
                self.ledger.set(key, state, &output);
                Stage::Settled(alloc::format!("{name} failed: {output}."))
            }
            EffectState::Blocked => self.block(name, key, BlockReason::DecidedElsewhere, &output),
            EffectState::Intended | EffectState::Started | EffectState::Unknown => {
                let known = (state == EffectState::Unknown && !output.is_empty()).then_some(output);
                let words = known.unwrap_or_else(|| "another resume of this run started it".into());
                let failure = Failure::new(FailureClass::Incomplete, words);
                let attempts = again.map_or(0, |unsure| unsure.attempts);
                let unsure = Unsure { twice: true, ..Unsure::new(key, args, attempts, failure) };
                // Whoever started it may still be at it: nobody is asked to start it again.
                self.ledger.set(key, EffectState::Unknown, &unsure.error);
                if self.tool(tool).reconciles() && state == EffectState::Unknown {
                    return self.reconcile(tool, unsure);
                }
                Stage::Settled(report_unknown(name, &unsure.error))
            }
        }
    }

    pub(super) fn failed_stage(
        &mut self,
        action: &Action,
        call: &Call,
        args: String,
        error: &CallError,
        sent: bool,
        unsure: bool,
    ) -> Stage {
        let (key, attempts) = (call.key(), call.attempts());
        if self.note_failure(key, error, sent, unsure) == EffectOutcome::Unknown {
            let failure = Failure::from(error.clone());
            let unsure =
                Unsure { twice: unsure, error: error.to_string(), ..Unsure::new(key, args, attempts, failure) };
            return self.unsure_stage(action, unsure);
        }
        Stage::Settled(alloc::format!("{} failed: {error}.", action.call.tool))
    }

    /// Enters a failed call into the ledger, and tells what is known of its effect: what was never sent did not happen, and
    /// what was unsure before is so still.
    pub(super) fn note_failure(&mut self, key: Key, error: &CallError, sent: bool, unsure: bool) -> EffectOutcome {
        let effect = self.effect_of(key);
        let happens = sent && effect.after(error.class()) == EffectOutcome::Unknown;
        let unknown = happens || unsure && effect != Effect::None;
        let state = if unknown { EffectState::Unknown } else { EffectState::Failed };
        self.enter(key, state, &error.to_string());
        if unknown && !effect.may_repeat() { EffectOutcome::Unknown } else { EffectOutcome::NotDone }
    }

    /// An effect that may have happened: it is looked up, else a human is asked, else the model is told.
    fn unsure_stage(&mut self, action: &Action, unsure: Unsure) -> Stage {
        let (tool, failure) = (action.call.tool.clone(), unsure.failure.clone());
        self.ledger.set(unsure.key, EffectState::Unknown, &unsure.error);
        self.record(Some(unsure.key.call), || Event::EffectUnknown { tool, failure });
        if self.tool(action.tool).reconciles() {
            return self.reconcile(action.tool, unsure);
        }
        self.ask_again(action, unsure)
    }

    fn reconcile(&mut self, tool: usize, unsure: Unsure) -> Stage {
        let key = self.next_key();
        let name = self.tool(tool).name().to_string();
        self.record(Some(key.call), || Event::ReconcileAsked { tool: name });
        let mut call = Call::new(key, &self.tool(tool).reconcile_policy(), 1, self.seed, self.deadline);
        call.handle(self.now, call::Input::Start, &mut self.commons.of_looking_up(tool), &mut self.trace);
        Stage::Reconciling { call, unsure, found: None }
    }

    fn reconciled_stage(&mut self, action: &Action, unsure: Unsure, found: Reconciliation) -> Stage {
        let (name, traced) = (action.call.tool.clone(), found.clone());
        self.record(Some(unsure.key.call), || Event::Reconciled { tool: name, found: traced });
        let name = &action.call.tool;
        match found {
            Reconciliation::Done { output } => {
                self.enter(unsure.key, EffectState::Done, &output);
                let text = if output.is_empty() { alloc::format!("{name} was done.") } else { output };
                Stage::Settled(text)
            }
            Reconciliation::NotDone => {
                self.enter(unsure.key, EffectState::Failed, &unsure.error);
                Stage::Settled(alloc::format!("{name} failed: {}. It was looked up: it did not happen.", unsure.error))
            }
            Reconciliation::Unknown => self.ask_again(action, unsure),
        }
    }

    /// A human decides whether it runs again, where there is one, and once: whoever always says yes to what always ends like
    /// this would never be done. Else the model is told plainly.
    fn ask_again(&mut self, action: &Action, unsure: Unsure) -> Stage {
        // Once: a call that cannot even begin would begin for ever.
        if sabotaged!(UnknownRunsAgain) && !unsure.twice {
            let (key, args) = (unsure.key, unsure.args.clone());
            return self.begin_tool(action.tool, key, args, Some(Unsure { twice: true, ..unsure }));
        }
        let name = &action.call.tool;
        if unsure.twice || !self.policy.approval().has_approver() {
            return Stage::Settled(report_unknown(name, &unsure.error));
        }
        let args = unsure.args.clone();
        self.ask(name, unsure.key, &args, Some(unsure))
    }

    /// What that call does to the world, as far as anybody ever said: see [`Run::restore`].
    pub(super) fn effect_of(&self, key: Key) -> Effect {
        self.ledger.entry(key).map_or(Effect::Once, |entry| entry.effect)
    }

    /// Enters what became of a call, here and in the shared ledger, before anything else is done about it.
    pub(super) fn enter(&mut self, key: Key, state: EffectState, output: &str) {
        let entry = self.ledger.set(key, state, output);
        if let Some(entry) = entry.filter(|entry| self.claims && entry.effect == Effect::Once) {
            self.outputs.push_back(Output::Record(entry.clone()));
        }
    }
}
