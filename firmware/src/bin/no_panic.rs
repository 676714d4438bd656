//! Not to be run: every call of core, device and link, linked alone. `cargo xtask firmware` looks
//! into the image and fails if anything of `core::panicking` was linked in: then some input could
//! reach a panic.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

#[cfg(target_arch = "arm")]
use cortex_m_rt::entry;
use onmon_core::align::{Anchor, align};
use onmon_core::compare::Agreement;
use onmon_core::{
    Channels, Extractor, Fingerprint, PcmSample, QueryBuilder, SampleRate, certainty, lay, plan,
    wire,
};
use onmon_device::{Format, Half, Halves, Library, Listener, Recogniser, double_buffer};
use onmon_link::FRAME_BYTES_MAX;
#[cfg(target_arch = "riscv32")]
use riscv_rt::entry;
use static_cell::ConstStaticCell;

#[entry]
fn main() -> ! {
    loop {
        extract(black_box(&[0.0_f32; 64]));
        extract(black_box(&[0_i16; 64]));
        plan_samples(black_box(0));
        send_and_receive(black_box(&[0; 64]));
        recognise(black_box(&[0; 64]));
        listen(black_box(&[0; 64]));
        tell(black_box(&[0; 64]));
    }
}

fn extract<T: PcmSample>(pcm: &[T]) {
    let rate = SampleRate::from_hz(black_box(8_000));
    let (Ok(rate), Ok(channels)) = (rate, Channels::new(black_box(1))) else { return };
    let mut extractor = black_box(Extractor::new(rate, channels));
    extractor.push(black_box(pcm), |code| {
        black_box(code);
    });
    if let Some(margins) = black_box(&extractor).margins() {
        let mut query = black_box(QueryBuilder::new(black_box(0)));
        query.enclose(black_box(&margins));
        black_box(query);
    }
    black_box(plan::codes_in(black_box(0), rate));
    black_box(plan::frame_of(black_box(0), rate));
    black_box(plan::frames_for(black_box(0), rate));
    black_box(certainty::deviations_min(black_box(0)));
}

fn listen(pcm: &[i16]) {
    static HALVES: ConstStaticCell<[Half<64>; 2]> =
        ConstStaticCell::new([Half::new(), Half::new()]);
    static EMPTY: ConstStaticCell<Halves<64>> = ConstStaticCell::new(Halves::new());
    static FULL: ConstStaticCell<Halves<64>> = ConstStaticCell::new(Halves::new());
    let (Some(halves), Some(empty), Some(full)) =
        (HALVES.try_take(), EMPTY.try_take(), FULL.try_take())
    else {
        return;
    };
    // As an interrupt finds it: a compiler that has seen it made would know more than holds there.
    let (mut intake, mut outlet) = black_box(double_buffer(halves, empty, full));
    let rate = SampleRate::from_hz(black_box(8_000));
    let (Ok(rate), Ok(channels)) = (rate, Channels::new(black_box(1))) else { return };
    let mut listener = black_box(Listener::new());
    loop {
        black_box(intake.fill(Format { rate, channels }, black_box(64), |half| {
            half.iter_mut().zip(pcm).for_each(|(to, from)| *to = *from);
        }));
        outlet.take(|heard| {
            listener.hear(&heard, |message| {
                black_box(message);
            });
        });
        listener.flush(|message| {
            black_box(message);
        });
        listener.end(black_box(intake.lost()), |message| {
            black_box(message);
        });
    }
}

fn recognise(codes: &[u8]) {
    let Some(library) = Library::new(codes) else { return };
    black_box((library.len(), library.is_empty()));
    let mut recogniser = black_box(Recogniser::new(library));
    for code in codes {
        black_box(recogniser.push(black_box(0), *code));
    }
    black_box(recogniser.finish());
}

fn tell(bytes: &[u8]) {
    let mut room = [0; FRAME_BYTES_MAX];
    if let Ok(message) = black_box(onmon_link::decode(bytes)) {
        let _ = black_box(onmon_link::encode(&message, &mut room));
    }
}

fn plan_samples(codes: u32) {
    if let Ok(spans) = plan::spans(codes) {
        black_box(spans.len());
    }
}

fn send_and_receive(bytes: &[u8]) {
    let mut builder = QueryBuilder::new(black_box(0));
    if builder.push(black_box(0), black_box(bytes)).is_ok() {
        send(&builder);
    }
    if let Ok(reference) = Fingerprint::reference(black_box(0), black_box(bytes)) {
        encode(&reference);
    }
    if let Ok(fingerprint) = wire::decode(black_box(bytes)) {
        for sample in fingerprint.samples() {
            black_box(sample.start);
            let agreement =
                Agreement::of(black_box(sample.codes), black_box(bytes), black_box(bytes));
            black_box(certainty::confidence(agreement.deviations()));
            let anchor = Anchor { sample: 0, code: black_box(0), place: black_box(0) };
            black_box(align(&[sample], black_box(bytes), anchor, black_box(8.0)));
        }
        black_box(lay(&fingerprint, black_box(bytes)));
        encode(&fingerprint);
    }
}

fn send(builder: &QueryBuilder) {
    if let Ok(query) = builder.finish() {
        encode(&query);
    }
}

fn encode(fingerprint: &Fingerprint<'_>) {
    let mut room = [0; 64];
    let _ = black_box(wire::encode(fingerprint, black_box(&mut room)));
    black_box(room);
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
