//! Writes what the engine's traces hold as JSON. Small rather than complete: floats in a trace are milliseconds with whole
//! microseconds, and a general printer of floats would weigh more than all of this.

use core::fmt::{self, Display, Write};
use serde::Serialize;
use serde::ser::{self, Impossible, Serializer};

/// As JSON, or nothing where it holds what a trace does not.
pub fn text(value: &impl Serialize) -> String {
    let mut writer = Writer { text: String::new() };
    match value.serialize(&mut writer) {
        Ok(()) => writer.text,
        Err(Unsupported) => String::new(),
    }
}

struct Writer {
    text: String,
}

/// Something that no trace holds.
#[derive(Debug)]
struct Unsupported;

impl Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no trace holds this")
    }
}

impl core::error::Error for Unsupported {}

impl ser::Error for Unsupported {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

type Written = Result<(), Unsupported>;

impl Writer {
    // None of these is inlined: there are hundreds of places that call them.
    #[inline(never)]
    fn raw(&mut self, text: &str) -> Written {
        self.text.write_str(text).map_err(|_| Unsupported)
    }

    #[inline(never)]
    fn quoted(&mut self, text: &str) -> Written {
        self.text.push('"');
        for character in text.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                control @ '\0'..='\x1f' => write!(self.text, "\\u{:04x}", control as u32).map_err(|_| Unsupported)?,
                other => self.text.push(other),
            }
        }
        self.raw("\"")
    }

    /// What comes before the next member of an object or a list.
    #[inline(never)]
    fn separate(&mut self) {
        if !self.text.ends_with(['{', '[']) {
            self.text.push(',');
        }
    }

    #[inline(never)]
    fn key(&mut self, key: &str) -> Written {
        self.separate();
        self.quoted(key)?;
        self.raw(":")
    }

    #[inline(never)]
    fn whole(&mut self, number: u64) -> Written {
        write!(self.text, "{number}").map_err(|_| Unsupported)
    }
}

/// An object or a list under way, and what ends it.
struct Members<'a> {
    writer: &'a mut Writer,
    end: &'static str,
}

impl Members<'_> {
    fn member(&mut self, key: &str, value: &(impl Serialize + ?Sized)) -> Written {
        self.writer.key(key)?;
        value.serialize(&mut *self.writer)
    }

    fn item(&mut self, value: &(impl Serialize + ?Sized)) -> Written {
        self.writer.separate();
        value.serialize(&mut *self.writer)
    }
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Unsupported;
    type SerializeSeq = Members<'a>;
    type SerializeTuple = Members<'a>;
    type SerializeTupleStruct = Members<'a>;
    type SerializeTupleVariant = Impossible<(), Unsupported>;
    type SerializeMap = Members<'a>;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Members<'a>;

    fn serialize_bool(self, value: bool) -> Written {
        self.raw(if value { "true" } else { "false" })
    }
    fn serialize_i8(self, _: i8) -> Written {
        Err(Unsupported)
    }
    fn serialize_i16(self, _: i16) -> Written {
        Err(Unsupported)
    }
    fn serialize_i32(self, _: i32) -> Written {
        Err(Unsupported)
    }
    fn serialize_i64(self, _: i64) -> Written {
        Err(Unsupported)
    }
    fn serialize_u8(self, value: u8) -> Written {
        self.whole(value.into())
    }
    fn serialize_u16(self, value: u16) -> Written {
        self.whole(value.into())
    }
    fn serialize_u32(self, value: u32) -> Written {
        self.whole(value.into())
    }
    fn serialize_u64(self, value: u64) -> Written {
        self.whole(value)
    }
    fn serialize_f32(self, value: f32) -> Written {
        self.serialize_f64(value.into())
    }
    /// Milliseconds; an instant that never comes is a number that JavaScript reads as `Infinity`.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
    #[inline(never)]
    fn serialize_f64(self, value: f64) -> Written {
        if value > 9e15 {
            return self.raw("1e999");
        }
        // Half a microsecond more, for a quotient that came out a trifle too small.
        let micros = (value * 1_000.0 + 0.5) as u64;
        self.whole(micros / 1_000)?;
        match micros % 1_000 {
            0 => Ok(()),
            t if t % 100 == 0 => write!(self.text, ".{}", t / 100).map_err(|_| Unsupported),
            t if t % 10 == 0 => write!(self.text, ".{:02}", t / 10).map_err(|_| Unsupported),
            t => write!(self.text, ".{t:03}").map_err(|_| Unsupported),
        }
    }
    fn serialize_char(self, value: char) -> Written {
        self.quoted(value.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, value: &str) -> Written {
        self.quoted(value)
    }
    fn serialize_bytes(self, _: &[u8]) -> Written {
        Err(Unsupported)
    }
    fn serialize_none(self) -> Written {
        self.raw("null")
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Written {
        self.raw("null")
    }
    fn serialize_unit_struct(self, _: &'static str) -> Written {
        self.raw("null")
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        self.quoted(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Written {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Written {
        let mut members = self.serialize_map(None)?;
        members.member(variant, value)?;
        ser::SerializeMap::end(members)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'a>, Unsupported> {
        self.raw("[")?;
        Ok(Members { writer: self, end: "]" })
    }
    fn serialize_tuple(self, _: usize) -> Result<Members<'a>, Unsupported> {
        self.serialize_seq(None)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Members<'a>, Unsupported> {
        self.serialize_seq(None)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unsupported> {
        Err(Unsupported)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Members<'a>, Unsupported> {
        self.raw("{")?;
        Ok(Members { writer: self, end: "}" })
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'a>, Unsupported> {
        self.serialize_map(None)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members<'a>, Unsupported> {
        self.raw("{")?;
        self.quoted(variant)?;
        self.raw(":{")?;
        Ok(Members { writer: self, end: "}}" })
    }
}

impl ser::SerializeSeq for Members<'_> {
    type Ok = ();
    type Error = Unsupported;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.item(value)
    }
    fn end(self) -> Written {
        self.writer.raw(self.end)
    }
}

impl ser::SerializeTuple for Members<'_> {
    type Ok = ();
    type Error = Unsupported;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.item(value)
    }
    fn end(self) -> Written {
        self.writer.raw(self.end)
    }
}

impl ser::SerializeTupleStruct for Members<'_> {
    type Ok = ();
    type Error = Unsupported;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.item(value)
    }
    fn end(self) -> Written {
        self.writer.raw(self.end)
    }
}

impl ser::SerializeMap for Members<'_> {
    type Ok = ();
    type Error = Unsupported;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        self.writer.separate();
        key.serialize(&mut *self.writer)
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.writer.text.push(':');
        value.serialize(&mut *self.writer)
    }
    fn end(self) -> Written {
        self.writer.raw(self.end)
    }
}

impl ser::SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = Unsupported;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Written {
        self.member(key, value)
    }
    fn end(self) -> Written {
        self.writer.raw(self.end)
    }
}

impl ser::SerializeStructVariant for Members<'_> {
    type Ok = ();
    type Error = Unsupported;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Written {
        self.member(key, value)
    }
    fn end(self) -> Written {
        self.writer.raw(self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::text;
    use steadfast::backoff::Delay;
    use steadfast::breaker::{RejectReason, Rejection};
    use steadfast::event::Event;
    use steadfast::failure::{Failure, FailureClass};
    use steadfast::id::{CallId, RunId};
    use steadfast::outcome::CallError;
    use steadfast::rng::Seed;
    use steadfast::time::{Duration, Instant};
    use steadfast::trace::Entry;

    #[test]
    fn a_trace_is_written_as_a_full_serializer_writes_it() {
        let busy = Failure::new(FailureClass::RateLimited, "\"429\"\n\u{1} \\ \u{e9}")
            .with_retry_after(Duration::from_micros(1_500_250));
        let rejection = Rejection {
            retry_at: Instant::from_micros(8_820_848),
            reason: RejectReason::ForcedOpen { reason: "x".into() },
        };
        let delay = Delay {
            delay: Duration::from_millis(7),
            floor: Duration::ZERO,
            ceiling: Duration::from_micros(10),
            retry_after: None,
        };
        let events = [
            Event::AttemptFailed { failure: busy.clone(), after: Duration::from_micros(1) },
            Event::BackingOff { next: 2, of: 3, until: Instant::from_millis(500), delay },
            Event::CallFailed { error: CallError::CircuitOpen(rejection) },
            Event::CallFailed {
                error: CallError::AllOptionsFailed {
                    options: 2,
                    last: Box::new(CallError::NotTransient { failure: busy }),
                },
            },
            Event::RunStarted { run: RunId(u64::MAX), seed: Seed(7), max_steps: 8, deadline: None },
            Event::RunFinished {
                stop: steadfast::outcome::StopReason::Answered,
                degraded: false,
                steps: 3,
                blocked: vec!["a".into(), "b".into()],
                answer: String::new(),
            },
            Event::BreakerHalfOpened { option: 0 },
        ];
        for event in events {
            let entry =
                Entry { at: Instant::from_micros(129_932), step: Some(1), call: Some(CallId(3)), attempt: None, event };
            // The full one writes `0.0` where this writes `0`: the same number to JavaScript.
            let full: serde_json::Value = serde_json::to_value(&entry).unwrap();
            let ours: serde_json::Value = serde_json::from_str(&text(&entry)).unwrap();
            assert_eq!(same(ours), same(full));
        }
    }

    /// With every number as a float.
    fn same(value: serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        match value {
            Value::Number(number) => number.as_f64().into(),
            Value::Array(items) => items.into_iter().map(same).collect(),
            Value::Object(members) => members.into_iter().map(|(key, value)| (key, same(value))).collect(),
            other => other,
        }
    }

    #[test]
    fn an_instant_that_never_comes_is_infinity_to_javascript() {
        assert_eq!(text(&Instant::MAX), "1e999");
        assert_eq!(text(&Instant::from_micros(8_820_848)), "8820.848");
        assert_eq!(text(&Instant::from_micros(1_050)), "1.05");
    }
}
