//! What the model costs: tokens counted from the texts that go back and forth, at the price of a middling model.

use steadfast::budget::Spend;
use steadfast::run::{Message, ModelReply};

/// English text has about four characters a token.
const CHARACTERS_A_TOKEN: u64 = 4;
/// What names, tools and the form of each message take besides, in tokens.
const OVERHEAD: u64 = 8;
/// What the model is told of its tools in each request, in tokens.
const TOOLS: u64 = 120;
/// Millionths of a dollar: 3 dollars a million tokens read, 15 a million written.
const READ: u64 = 3;
const WRITTEN: u64 = 15;

/// What one answered request costs. A model reads the whole conversation each time.
pub(crate) fn of(messages: &[Message], reply: &ModelReply) -> Spend {
    let read = TOOLS + messages.iter().map(|message| text(&message.content) + calls(&message.tool_calls)).sum::<u64>();
    let written = text(&reply.text) + calls(&reply.tool_calls);
    Spend { tokens: read + written, money: read * READ + written * WRITTEN, ..Spend::NONE }
}

fn calls(calls: &[steadfast::run::ToolCall]) -> u64 {
    calls.iter().map(|call| text(&call.tool) + text(&call.args)).sum()
}

fn text(text: &str) -> u64 {
    if text.is_empty() { 0 } else { OVERHEAD + (text.len() as u64).div_ceil(CHARACTERS_A_TOKEN) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast::run::Role;

    #[test]
    fn a_request_costs_what_is_read_and_what_is_written() {
        let content = "What is 17 * 23?".to_owned();
        let question = Message { role: Role::User, content, tool_calls: Vec::new(), tool_call_id: None };
        let spend = of(&[question], &ModelReply::answer("17 * 23 = 391."));
        // 120 + 8 + 4 read, 8 + 4 written.
        assert_eq!((spend.tokens, spend.money), (132 + 12, 132 * 3 + 12 * 15));
    }
}
