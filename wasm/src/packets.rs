//! A file's encoded packets, for the browser's own decoder.

use js_sys::{Object, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::Blob;

use crate::blob::BlobSource;
use crate::fingerprint::{extension_of, now, refused};
use crate::refusal::set;

/// The audio track of a file that the user chose, packet by packet, in a worker of a browser; wraps
/// [`onmon_decode::Packets`].
#[wasm_bindgen]
pub struct Packets(onmon_decode::Packets);

#[wasm_bindgen]
impl Packets {
    /// Opens the file. Its name may be empty; the extension is a hint.
    ///
    /// # Errors
    /// `{code, message}` with the code of [`onmon_decode::DecodeError::code`].
    #[wasm_bindgen(constructor)]
    pub fn new(blob: Blob, name: &str) -> Result<Packets, JsValue> {
        let extension = extension_of(name);
        let source = Box::new(BlobSource::new(blob)?);
        onmon_decode::Packets::open(source, extension, now).map(Self).map_err(|e| refused(&e))
    }

    /// What `AudioDecoder.configure` takes.
    #[wasm_bindgen(unchecked_return_type = "{ codec: string; sampleRate: number; \
        numberOfChannels: number; description?: Uint8Array }")]
    pub fn config(&self) -> Object {
        let codec = self.0.codec();
        let object = Object::new();
        set(&object, "codec", &codec.name.as_str().into());
        set(&object, "sampleRate", &codec.rate_hz.into());
        set(&object, "numberOfChannels", &codec.channels.into());
        if let Some(description) = &codec.description {
            set(&object, "description", &Uint8Array::from(description.as_slice()));
        }
        object
    }

    /// The next packet, its time in microseconds; `undefined` at the end.
    ///
    /// # Errors
    /// As the constructor.
    #[wasm_bindgen(unchecked_return_type = "{ timestamp: number; data: Uint8Array } | undefined")]
    pub fn next(&mut self) -> Result<JsValue, JsValue> {
        let Some(packet) = self.0.read_packet().map_err(|error| refused(&error))? else {
            return Ok(JsValue::UNDEFINED);
        };
        let object = Object::new();
        set(&object, "timestamp", &(packet.at_us as f64).into());
        set(&object, "data", &Uint8Array::from(packet.data.as_slice()));
        Ok(object.into())
    }

    /// The share of the file that has been read, 0 to 1.
    pub fn share(&self) -> f32 {
        self.0.share()
    }

    /// Bytes of it that have been read.
    #[wasm_bindgen(js_name = readBytes)]
    pub fn read_bytes(&self) -> f64 {
        self.0.bytes_read() as f64
    }
}
