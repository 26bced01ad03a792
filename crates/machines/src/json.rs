//! Writes what the engine's traces hold as JSON. Small rather than complete: floats in a trace are milliseconds with whole
//! microseconds, and a general printer of floats would weigh more than all of this.

use core::fmt::{self, Display, Write};
use serde::Serialize;
use serde::ser::{self, Impossible, Serializer};

/// As JSON, or nothing where it holds what a trace does not.
pub(crate) fn text(value: &impl Serialize) -> String {
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
    fn raw(&mut self, text: &str) -> Written {
        self.text.push_str(text);
        Ok(())
    }

    fn shown(&mut self, value: impl Display) -> Written {
        write!(self.text, "{value}").map_err(|_| Unsupported)
    }

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

    /// What comes before the next member of `closing`'s object or list.
    fn separate(&mut self) {
        if !self.text.ends_with(['{', '[']) {
            self.text.push(',');
        }
    }
}

/// An object or a list under way, and what ends it.
struct Members<'a> {
    writer: &'a mut Writer,
    end: &'static str,
}

impl Members<'_> {
    fn member(&mut self, key: &str, value: &(impl Serialize + ?Sized)) -> Written {
        self.writer.separate();
        self.writer.quoted(key)?;
        self.writer.text.push(':');
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
    fn serialize_i8(self, value: i8) -> Written {
        self.shown(value)
    }
    fn serialize_i16(self, value: i16) -> Written {
        self.shown(value)
    }
    fn serialize_i32(self, value: i32) -> Written {
        self.shown(value)
    }
    fn serialize_i64(self, value: i64) -> Written {
        self.shown(value)
    }
    fn serialize_u8(self, value: u8) -> Written {
        self.shown(value)
    }
    fn serialize_u16(self, value: u16) -> Written {
        self.shown(value)
    }
    fn serialize_u32(self, value: u32) -> Written {
        self.shown(value)
    }
    fn serialize_u64(self, value: u64) -> Written {
        self.shown(value)
    }
    fn serialize_f32(self, value: f32) -> Written {
        self.serialize_f64(value.into())
    }
    /// Milliseconds; an instant that never comes is a number that JavaScript reads as `Infinity`.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
    fn serialize_f64(self, value: f64) -> Written {
        if value > 9e15 {
            return self.raw("1e999");
        }
        // Half a microsecond more, for a quotient that came out a trifle too small.
        let micros = (value * 1_000.0 + 0.5) as u64;
        self.shown(micros / 1_000)?;
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
