//! A model's reply, told piece by piece before [`run_tell`](crate::run_tell) says which attempt it answers.

use crate::hall::hall;
use steadfast::budget::Spend;
use steadfast::run::{ModelReply, ToolCall};
use steadfast_boundary::registers::unsigned;
use wasm_bindgen::prelude::wasm_bindgen;

fn with(run: u32, change: impl FnOnce(&mut ModelReply)) {
    hall(|hall| {
        if let Some(running) = hall.runs.get_mut(run) {
            change(&mut running.reply);
        }
    });
}

/// Begins a reply, with its text.
#[wasm_bindgen]
pub fn reply_text(run: u32, text: &str) {
    with(run, |reply| *reply = ModelReply::answer(text));
}

/// Adds a tool that it wants called. `risky`: 0 no, 1 yes, -1 as the tool is.
#[wasm_bindgen]
pub fn reply_call(run: u32, id: &str, tool: &str, args: &str, risky: i32) {
    let risky = match risky {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    };
    with(run, |reply| {
        reply.tool_calls.push(ToolCall { id: id.into(), tool: tool.into(), args: args.into(), risky });
    });
}

/// Says what it cost.
#[wasm_bindgen]
pub fn reply_usage(run: u32, tokens: f64) {
    with(run, |reply| reply.usage = Some(Spend { tokens: unsigned(tokens), ..Spend::NONE }));
}
