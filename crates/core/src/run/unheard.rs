//! Attempts that were given up: a late word of their servers still counts, here and in the process that goes on.

use super::action::Stage;
use super::commons::Place;
use super::hear::{reconciling, running};
use super::{Phase, Run};
use crate::call::{Call, Unheard};
use crate::failure::Failure;
use crate::id::{AttemptId, CallId};
use crate::snapshot::{Reader, SnapshotError, Writer};
use alloc::string::String;
use alloc::vec::Vec;

/// An attempt of which something may still come: whose server it went to, and of which call it is.
pub(super) type Open = (Place, CallId, Unheard);

impl Run {
    /// What a server asks for with a failure that comes late, for a call that is over, holds all the same; told twice, it is one
    /// word.
    pub(super) fn hear_pause(&mut self, id: AttemptId, failure: &Failure) {
        let now = self.now;
        let (call, place) = match &mut self.stage {
            Phase::Thinking { call, .. } if call.id() == id.call => (Some(call), Place::Model),
            stage => {
                if let Some((tool, call, _)) = running(stage, id.call) {
                    (Some(call), Place::Tool(tool))
                } else if let Some((tool, call, _)) = reconciling(stage, id.call) {
                    (Some(call), Place::Books(tool))
                } else {
                    (None, Place::Model)
                }
            }
        };
        if let Some(call) = call {
            call.hear_late_at(now, id.attempt, failure, &mut self.commons.of(place));
        }
        let same = |(_, call, one): &Open| *call == id.call && one.attempt == id.attempt;
        if let Some(index) = self.unheard.iter().position(same) {
            let (place, _, Unheard { option, .. }) = self.unheard.remove(index);
            Call::tell_endpoint(self.now, option, failure, &mut self.commons.of(place));
        }
    }

    /// A call is over; of attempts that it gave up something may still come.
    pub(super) fn remember(&mut self, place: Place, call: &Call) {
        self.unheard.extend(call.unheard().iter().map(|one| (place, call.id(), *one)));
    }

    /// Those of calls that are over, and of those under way. What is under way now is given up if this process ends.
    fn open_attempts(&self) -> Vec<Open> {
        let mut open = self.unheard.clone();
        let mut add = |place: Place, call: &Call| open.extend(call.open_attempts().map(|one| (place, call.id(), one)));
        match &self.stage {
            Phase::Thinking { call, .. } => add(Place::Model, call),
            Phase::Acting(actions) => {
                for action in actions {
                    match &action.stage {
                        Stage::Running { call, .. } => add(Place::Tool(action.tool), call),
                        Stage::Reconciling { call, .. } => add(Place::Books(action.tool), call),
                        _ => {}
                    }
                }
            }
            Phase::New | Phase::Restored(_) | Phase::Over(_) => {}
        }
        open
    }

    pub(super) fn store_open_attempts(&self, to: &mut Writer) {
        let open = self.open_attempts();
        to.put(&(open.len() as u64));
        for (place, call, one) in open {
            let (code, tool) = match place {
                Place::Model => (0_u8, ""),
                Place::Tool(tool) => (1, self.tool(tool).name()),
                Place::Books(tool) => (2, self.tool(tool).name()),
            };
            to.put(&code).text(tool).put(&AttemptId { call, attempt: one.attempt }).put(&one.option);
        }
    }

    /// Of tools by their names: those that are not there any more are called by nobody.
    pub(super) fn load_open_attempts(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        for _ in 0..from.count()? {
            let (code, name): (u8, String) = (from.take()?, from.take()?);
            let (AttemptId { call, attempt }, option) = (from.take()?, from.take()?);
            let tool = self.tools.iter().position(|tool| tool.name() == name);
            let place = match code {
                0 => Some(Place::Model),
                1 => tool.map(Place::Tool),
                2 => tool.map(Place::Books),
                _ => return Err(SnapshotError::Damaged),
            };
            self.unheard.extend(place.map(|place| (place, call, Unheard { attempt, option })));
        }
        Ok(())
    }
}
