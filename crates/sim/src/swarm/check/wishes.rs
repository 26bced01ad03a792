//! What the model asked for: nothing else runs, and nothing more often.

use std::collections::BTreeMap;
use steadfast::id::CallId;
use steadfast::run::ToolCall;

#[derive(Clone, Default)]
pub(super) struct Wishes {
    /// Of the model's last reply, without those that became calls.
    open: Vec<ToolCall>,
    granted: BTreeMap<CallId, ToolCall>,
}

impl Wishes {
    /// The model replied: from now on these are its wishes.
    pub(super) fn are(&mut self, wishes: &[ToolCall]) {
        self.open = wishes.to_vec();
    }

    /// The wish that this call grants: the one it granted before, else an open one that fits.
    pub(super) fn grant(
        &mut self,
        call: CallId,
        tool: &str,
        args: &str,
        fits: impl Fn(&ToolCall) -> bool,
    ) -> Option<ToolCall> {
        if let Some(wish) = self.granted.get(&call) {
            return Some(wish.clone());
        }
        let open = self.open.iter().position(|wish| wish.tool == tool && wish.args == args && fits(wish))?;
        let wish = self.open.swap_remove(open);
        self.granted.insert(call, wish.clone());
        Some(wish)
    }
}
