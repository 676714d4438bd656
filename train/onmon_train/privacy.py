"""Measures how much of speech can be recovered from the codes, and writes docs/privacy.md.

The attacker knows the encoder, has speech of the same speaker, and speech is all he expects.
`--work` keeps what each stage gave, by encoder: delete it to begin afresh.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from scipy.io import wavfile

from . import attacks, intelligibility, privacy_report, resynthesis, told_apart
from .frontend import RATE_HZ
from .inverter import Inverter
from .shipped import Shipped, read
from .speech import Clip, Stream, clips, test_stream, transcripts
from .told_apart import LANGUAGES, SEED, Figures

ACTIVE_BELOW_PEAK = 30 / 3.0103  # log2 units
DB = 10 * np.log10(2)
UNSEEN_CLIPS = 60


def variants(inverter: Inverter, stream: Stream) -> dict[str, np.ndarray]:
    """Bands that an attacker may hear, [2 * codes, 32] each, and the true ones."""
    inverted = inverter.invert(stream.codes)
    other = inverter.invert(np.roll(stream.codes, len(stream.codes) // 2, axis=0))
    return {
        "true": stream.bands,
        "inverted": inverted,
        "sharpened": inverter.sharpened(inverted),
        "other": other,
        "mean": np.broadcast_to(inverter.mean, stream.bands.shape),
    }


def band_errors(stream: Stream, bands: np.ndarray) -> Figures:
    """In dB over frames within 30 dB of a clip's loudest; centred: each band's clip mean known."""
    raw, centred, true_parts, parts = [], [], [], []
    for first, last in stream.spans:
        true, other = stream.bands[2 * first : 2 * last], bands[2 * first : 2 * last]
        level = np.log2(np.exp2(true).sum(1))
        active = level > np.percentile(level, 95) - ACTIVE_BELOW_PEAK
        if active.sum() < 10:
            continue
        true, other = true[active], other[active]
        raw.append(true - other)
        true_parts.append(true - true.mean(0))
        parts.append(other - other.mean(0))
        centred.append(true_parts[-1] - parts[-1])
    true, other = np.concatenate(true_parts), np.concatenate(parts)
    norms = np.sqrt((true**2).sum(0) * (other**2).sum(0))
    correlation = (true * other).sum(0) / np.maximum(norms, 1e-6)
    return {
        "rmse_db": float(DB * np.sqrt((np.concatenate(raw) ** 2).mean())),
        "rmse_centred_db": float(DB * np.sqrt((np.concatenate(centred) ** 2).mean())),
        "correlation": float(correlation.mean()),
        "correlation_by_band": [round(float(c), 3) for c in correlation],
        "frames": len(true),
    }


def hearing(stream: Stream, bands: dict[str, np.ndarray], out: Path, name: str):
    """Resyntheses: written to listen to, and their STOI and ESTOI; the better way's audio."""
    figures, audio = {}, {"original": stream.pcm}
    for variant, values in bands.items():
        audio[variant] = resynthesis.noise(values, SEED)
        ways = {"noise": audio[variant]}
        if variant != "mean" and name == "en":
            audio[variant] = ways["griffin_lim"] = resynthesis.griffin_lim(values, SEED)
        for way, pcm in ways.items():
            pairs = [(stream.pcm[stream.samples(s)], pcm[stream.samples(s)]) for s in stream.spans]
            scores = {"stoi": intelligibility.mean_stoi(pairs, extended=False)}
            scores["estoi"] = intelligibility.mean_stoi(pairs, extended=True)
            figures[f"{variant}, {way}"] = {
                "stoi": scores["stoi"][0],
                "estoi": scores["estoi"][0],
                "clips": scores["stoi"][1],
            }
            print(name, variant, way, figures[f"{variant}, {way}"], flush=True)
            loud = pcm[: 60 * RATE_HZ] * (3_000 / np.sqrt(np.mean(pcm[: 60 * RATE_HZ] ** 2)))
            data = np.clip(loud, -32_768, 32_767).astype(np.int16)
            wavfile.write(out / f"{name}-{variant}-{way}.wav", RATE_HZ, data)
    wavfile.write(
        out / f"{name}-original.wav", RATE_HZ, stream.pcm[: 60 * RATE_HZ].astype(np.int16)
    )
    return figures, audio


def recognised(stream: Stream, found: list[Clip], audio: dict[str, np.ndarray]):
    """Word errors of PocketSphinx on every clip of three words or more."""
    usable = intelligibility.known_words({word for clip in found for word in clip.words})
    asked = [
        (clip, span)
        for clip, span in zip(found, stream.spans, strict=True)
        if len(clip.words) >= 3 and set(clip.words) <= usable
    ]
    sentences = sorted({clip.words for clip, _ in asked})
    recogniser, figures = intelligibility.Recogniser(sentences), {}
    for variant, pcm in audio.items():
        for grammar in recogniser.GRAMMARS:
            score = intelligibility.Score()
            for clip, span in asked:
                score.add(clip.words, recogniser.hear(pcm[stream.samples(span)], grammar))
            figures[f"{variant}, {grammar}"] = vars(score) | {"word_errors": score.per_cent()}
            print(variant, grammar, figures[f"{variant}, {grammar}"], flush=True)
    return figures | {"sentences": len(sentences)}


def unseen(folder: Path, language: str) -> list[Clip]:
    found = [clip for clip in clips(folder, language) if len(clip.pcm) > 1.5 * RATE_HZ]
    return found[:: max(1, len(found) // UNSEEN_CLIPS)][:UNSEEN_CLIPS]


def speech(options: argparse.Namespace) -> dict[str, list[Clip]]:
    """The clips by language, with words where English has a transcript."""
    words = transcripts()
    folder = options.corpus / "speech_train"
    return {name: clips(folder, name, words if name == "en" else None) for name in LANGUAGES}


def band_table(inverter: Inverter, sets: dict[str, list[Clip]], streams: dict[str, Stream]) -> dict:
    table = {}
    for name, stream in streams.items():
        bands = variants(inverter, stream)
        del bands["true"]
        table[name] = {variant: band_errors(stream, values) for variant, values in bands.items()}
        seconds = sum(len(clip.pcm) for clip in sets[name]) / RATE_HZ
        table[name] |= {"clips": len(sets[name]), "minutes": seconds / 60}
    return table


def heard(inverter: Inverter, streams: dict[str, Stream], out: Path) -> tuple[dict, dict]:
    """STOI of all; the English audio, for the recogniser."""
    figures, english = {}, {}
    for name, stream in streams.items():
        bands = variants(inverter, stream)
        if name != "en":
            bands = {variant: bands[variant] for variant in ("true", "inverted", "other")}
        figures[name], audio = hearing(stream, bands, out, name)
        if name == "en":
            english = {variant: pcm for variant, pcm in audio.items() if variant != "mean"}
    return figures, english


def measure(encoder: Shipped, options: argparse.Namespace) -> dict:
    """Every stage once; `--work` keeps what each gave, so that they can run beside each other."""
    found = speech(options)
    learned = [clip for some in found.values() for clip in some if not clip.held_out]
    sets = {"en": [clip for clip in found["en"] if clip.held_out]}
    sets |= {name: unseen(options.corpus / "speech_test", name) for name in ("it", "ru")}
    streams = {name: test_stream(encoder, some, SEED) for name, some in sets.items()}
    sha256, english = encoder.sha256, streams["en"]
    # What was learned of one encoder says nothing of another.
    work = options.work / sha256[:16]
    work.mkdir(exist_ok=True)
    inverter = attacks.kept(
        work / "inverter.pt",
        lambda: attacks.inverter(encoder, learned, options.passes, options.inverter_steps, SEED),
    )

    def hear() -> tuple[dict, dict]:
        return attacks.kept(work / "hearing.pt", lambda: heard(inverter, streams, options.out))

    stages = {
        "bands": lambda: band_table(inverter, sets, streams),
        "hearing": lambda: hear()[0],
        "recogniser": lambda: attacks.kept(
            work / "recogniser.pt", lambda: recognised(english, sets["en"], hear()[1])
        ),
        "phones": lambda: attacks.kept(
            work / "phones.pt",
            lambda: told_apart.read_phones(
                encoder, inverter, found["en"], english, options.reader_steps
            ),
        ),
        "languages": lambda: attacks.kept(
            work / "languages.pt",
            lambda: told_apart.tell_languages(encoder, inverter, found, options.classifier_steps),
        ),
        "digits": lambda: attacks.kept(
            work / "digits.pt",
            lambda: told_apart.tell_digits(encoder, inverter, options.classifier_steps),
        ),
    }
    return {
        "encoder": options.encoder_id,
        "sha256": sha256,
        "encoder_hops": {"context": encoder.context_hops, "mean": encoder.mean_hops},
        "steps": {
            "inverter": len(inverter.losses),
            "reader": options.reader_steps,
            "classifier": options.classifier_steps,
        },
        "minutes_learned": sum(len(clip.pcm) for clip in learned) / RATE_HZ / 60,
        "clips_learned": len(learned),
    } | {name: stages[name]() for name in options.only or stages}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=Path("../core/src/encoder/weights.rs"))
    parser.add_argument("--encoder-id", type=int, default=3)
    parser.add_argument("--corpus", type=Path, required=True, help="has speech_train, speech_test")
    parser.add_argument("--work", type=Path, required=True, help="trained networks are kept here")
    parser.add_argument("--out", type=Path, required=True, help="folder for audio to listen to")
    parser.add_argument("--docs", type=Path, default=Path("../docs"))
    parser.add_argument("--passes", type=int, default=4)
    parser.add_argument("--inverter-steps", type=int, default=900)
    parser.add_argument("--reader-steps", type=int, default=2_500)
    parser.add_argument("--classifier-steps", type=int, default=200)
    parser.add_argument("--only", nargs="*", help="stages to run; nothing is written to --docs")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for folder in (options.work, options.out, options.docs):
        folder.mkdir(parents=True, exist_ok=True)
    result = measure(read(options.weights), options)
    if options.only:
        return
    (options.docs / "privacy.json").write_text(json.dumps(result, indent=1) + "\n")
    (options.docs / "privacy.md").write_text(privacy_report.page(result))


if __name__ == "__main__":
    main()
