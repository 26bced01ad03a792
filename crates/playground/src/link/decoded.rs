//! A link taken apart: its keys and values. Chat programs write some characters as `%2C`, so that values are decoded first.

/// The keys and values of a link, in order.
pub(super) struct Pairs<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Pairs<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let parts = text.split('&').filter(|part| !part.is_empty());
        Self(parts.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect())
    }

    /// The value of a key, if it is there; it may be there once.
    pub(super) fn value(&self, key: &str) -> Result<Option<String>, String> {
        let mut values = self.0.iter().filter(|(name, _)| *name == key).map(|(_, value)| *value);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(format!("it says \"{key}\" twice")),
            (value, None) => Ok(value.map(decoded)),
        }
    }

    /// Fails on a key that is none of these.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), String> {
        match self.0.iter().find(|(key, _)| !known.contains(key)) {
            Some((key, _)) => Err(format!("this page does not know its \"{}\"", short(key))),
            None => Ok(()),
        }
    }
}

/// With what stands as `%2C` decoded. What is no such thing, or no text afterwards, stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let escaped = match (first, others) {
            (b'%', [high, low, after @ ..]) => {
                digit(*high).zip(digit(*low)).map(|(high, low)| (high << 4 | low, after))
            }
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((*first, others));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.into())
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The parts of a list.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
}

/// As much of a strange value as a sentence can hold.
pub(super) fn short(text: &str) -> String {
    text.chars().take(24).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_chat_program_escaped_is_decoded_and_anything_else_stays() {
        for (text, expected) in [
            ("flaky%2Crisky", "flaky,risky"),
            ("%2c", ","),
            ("%", "%"),
            ("%2", "%2"),
            ("%zz", "%zz"),
            ("%C3%A9", "é"),
            ("%E0%A4", "%E0%A4"),
            ("é%2C", "é,"),
        ] {
            assert_eq!(decoded(text), expected, "{text}");
        }
    }
}
