//! Errors on their way to JavaScript: a plain object with a stable `code` and an English `message`.

use std::fmt::Display;

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

/// `{code, message}`, which the npm package turns into its `OnmonError`.
pub fn refusal(code: &str, error: &impl Display) -> JsValue {
    let object = Object::new();
    set(&object, "code", &JsValue::from_str(code));
    set(&object, "message", &JsValue::from_str(&error.to_string()));
    object.into()
}

/// Sets a property of an object that was made here.
pub fn set(object: &Object, key: &str, value: &JsValue) {
    // Fails for frozen objects and for setters that throw alone: ours has neither.
    let _ = Reflect::set(object, &JsValue::from_str(key), value);
}
