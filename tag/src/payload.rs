//! The signed content: a CBOR map from small numbers to values, in deterministic encoding (RFC 8949
//! section 4.2).

use alloc::string::String;
use alloc::vec::Vec;

use coset::cbor::value::Value;
use coset::{CborSerializable, CoseError};

use crate::envelope::malformed;
use crate::error::TagError;

/// The greatest time, so that JavaScript's numbers hold it too.
const TIME_MS_MAX: i64 = (1 << 53) - 1;

/// Bytes of an id, at most; the catalogue's own limit for recordings.
const ID_BYTES_MAX: usize = 255;

/// Key of the layout's version; the same in every layout.
pub(crate) const VERSION: u8 = 1;

/// A map that is being made or taken apart.
#[derive(Default)]
pub(crate) struct Payload(Vec<(u8, Value)>);

/// `Value` in coset's serialisation.
struct Cbor(Value);

impl coset::AsCborValue for Cbor {
    fn from_cbor_value(value: Value) -> Result<Self, CoseError> {
        Ok(Self(value))
    }

    fn to_cbor_value(self) -> Result<Value, CoseError> {
        Ok(self.0)
    }
}

impl CborSerializable for Cbor {}

impl Payload {
    pub(crate) fn number(mut self, key: u8, value: u64) -> Self {
        self.0.push((key, Value::from(value)));
        self
    }

    pub(crate) fn time(
        mut self,
        key: u8,
        field: &'static str,
        value_ms: i64,
    ) -> Result<Self, TagError> {
        if !(0..=TIME_MS_MAX).contains(&value_ms) {
            return Err(TagError::InvalidField { field });
        }
        self.0.push((key, Value::from(value_ms)));
        Ok(self)
    }

    pub(crate) fn id(mut self, key: u8, field: &'static str, id: &str) -> Result<Self, TagError> {
        if !is_id(id) {
            return Err(TagError::InvalidField { field });
        }
        self.0.push((key, Value::from(id)));
        Ok(self)
    }

    pub(crate) fn digest(mut self, key: u8, digest: &[u8; 32]) -> Self {
        self.0.push((key, Value::Bytes(digest.to_vec())));
        self
    }

    /// The bytes. Keys below 24 are encoded in one byte, so their order is that of the bytes.
    pub(crate) fn encode(mut self) -> Result<Vec<u8>, TagError> {
        self.0.sort_by_key(|(key, _)| *key);
        let map = self.0.into_iter().map(|(key, value)| (Value::from(key), value)).collect();
        Cbor(Value::Map(map)).to_vec().map_err(|_| malformed("it does not encode"))
    }

    /// Takes bytes apart. Says nothing yet of what they should hold; a version above `version` is
    /// refused at once, since all else may have changed with it.
    pub(crate) fn parse(bytes: &[u8], version: u64) -> Result<Self, TagError> {
        let read = Cbor::from_slice(bytes).map_err(|_| malformed("its content"))?;
        let Value::Map(pairs) = read.0 else { return Err(malformed("its content")) };
        let numbered = pairs.into_iter().map(|(key, value)| {
            let key = key.as_integer().and_then(|key| u8::try_from(key).ok());
            key.map(|key| (key, value))
        });
        let all: Option<Vec<_>> = numbered.collect();
        let mut payload = Self(all.ok_or(malformed("its content"))?);
        match payload.take_number(VERSION)? {
            said if said > version => Err(TagError::TooNew { version: said }),
            said if said < 1 => Err(malformed("its version")),
            said => Ok(payload.number(VERSION, said)),
        }
    }

    pub(crate) fn take_number(&mut self, key: u8) -> Result<u64, TagError> {
        let number = self.take(key)?.as_integer().and_then(|number| u64::try_from(number).ok());
        number.ok_or(malformed("a number in its content"))
    }

    pub(crate) fn take_time(&mut self, key: u8) -> Result<i64, TagError> {
        let time = self.take_number(key)?;
        let time = i64::try_from(time).ok().filter(|time| *time <= TIME_MS_MAX);
        time.ok_or(malformed("a time in its content"))
    }

    pub(crate) fn take_id(&mut self, key: u8) -> Result<String, TagError> {
        let id = self.take(key)?.into_text().ok().filter(|id| is_id(id));
        id.ok_or(malformed("an id in its content"))
    }

    pub(crate) fn take_digest(&mut self, key: u8) -> Result<[u8; 32], TagError> {
        let bytes = self.take(key)?.into_bytes().map_err(|_| malformed("a digest"))?;
        bytes.try_into().map_err(|_| malformed("a digest in its content"))
    }

    fn take(&mut self, key: u8) -> Result<Value, TagError> {
        let found = self.0.iter().position(|(known, _)| *known == key);
        let found = found.ok_or(malformed("a field that is missing"))?;
        Ok(self.0.remove(found).1)
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= ID_BYTES_MAX && !id.chars().any(char::is_control)
}
