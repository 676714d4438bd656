"""Measures how much of speech can be recovered from the codes, and writes docs/privacy.md.

The attacker knows the encoder, has speech of the same speaker, and speech is all he expects.
`--work` keeps trained networks: delete it to begin afresh.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from scipy.io import wavfile

from . import attacks, intelligibility, privacy_report, resynthesis
from .digits import digits
from .export import digest, layers_of
from .frontend import RATE_HZ
from .inverter import Inverter
from .network import Encoder, load
from .speech import Clip, Stream, clips, test_stream, training_pass, transcripts

SEED = 1
ACTIVE_BELOW_PEAK = 30 / 3.0103  # log2 units
DB = 10 * np.log10(2)
WINDOW_CODES = 100
DIGIT_CODES = 25
UNSEEN_CLIPS = 60
LANGUAGES = ("en", "es", "fr")
Figures = dict[str, float]


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
                "stoi": scores["stoi"][0], "estoi": scores["estoi"][0], "clips": scores["stoi"][1],
            }
            print(name, variant, way, figures[f"{variant}, {way}"], flush=True)
            loud = pcm[: 60 * RATE_HZ] * (3_000 / np.sqrt(np.mean(pcm[: 60 * RATE_HZ] ** 2)))
            data = np.clip(loud, -32_768, 32_767).astype(np.int16)
            wavfile.write(out / f"{name}-{variant}-{way}.wav", RATE_HZ, data)
    wavfile.write(out / f"{name}-original.wav", RATE_HZ, stream.pcm[: 60 * RATE_HZ].astype(np.int16))
    return figures, audio


def recognised(stream: Stream, found: list[Clip], audio: dict[str, np.ndarray], usable: set[str]):
    """Word errors of PocketSphinx on every clip of three words or more."""
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


def read_phones(encoder: Encoder, inverter: Inverter, english: list[Clip], test: Stream, options):
    """A recogniser of the attacker's own, straight from the codes; from bands to compare with."""
    said = intelligibility.phones({word for clip in english for word in clip.words})
    usable = [clip for clip in english if clip.words and set(clip.words) <= set(said)]
    held = [clip for clip in english if clip.held_out]
    asked = [(c, s) for c, s in zip(held, test.spans, strict=True) if c in usable]
    long = [(c, s) for c, s in asked if len(c.words) >= 3]
    lists = {"held-out": sorted({c.words for c, _ in long})}
    lists["all"] = sorted({c.words for c in usable if len(c.words) >= 3})
    learned = [clip for clip in usable if not clip.held_out]
    passes = attacks.passes(encoder, learned, 4, SEED + 100)
    figures = {}
    for of in ("codes", "bands"):
        reader = attacks.PhoneReader(said)
        items = [
            (attacks.inputs(stream, span, of), reader.labels(clip.words))
            for order, stream in passes
            for clip, span in zip(order, stream.spans, strict=True)
        ]
        start = inverter.model if of == "codes" else attacks.Attack(64, 1)
        reader.learn(start, items, options.reader_steps, SEED)
        figures[of] = phone_figures(reader, test, asked, long, lists, of)
        if of == "codes":
            wrong = [(c, asked[i - len(asked) // 2][1]) for i, (c, _) in enumerate(asked)]
            wrong_long = [(c, s) for c, s in wrong if len(c.words) >= 3]
            figures["codes of another clip"] = phone_figures(
                reader, test, wrong, wrong_long, lists, of
            )
        print(of, figures[of], flush=True)
    return figures


def phone_figures(reader, test: Stream, asked, long, lists, of: str) -> Figures:
    """Phone errors over all clips, sentences named from lists over those of three words or more."""
    phones = errors = 0
    for clip, span in asked:
        labels = tuple(reader.labels(clip.words))
        phones += len(labels)
        errors += intelligibility.word_errors(
            labels, reader.read(attacks.inputs(test, span, of))
        )
    figures = {"clips": len(asked), "phones": phones, "phone_errors": 100 * errors / phones}
    for name, sentences in lists.items():
        places = [
            reader.rank(attacks.inputs(test, span, of), sentences).index(sentences.index(clip.words))
            for clip, span in long
        ]
        figures[f"{name} list"] = {
            "asked": len(long), "sentences": len(sentences),
            "first": sum(p == 0 for p in places), "in_ten": sum(p < 10 for p in places),
        }
    return figures


def windows(stream: Stream, of: str, step: int) -> list[torch.Tensor]:
    starts = range(0, len(stream.codes) - WINDOW_CODES, step)
    return [attacks.inputs(stream, (at, at + WINDOW_CODES), of) for at in starts]


def tell_languages(encoder: Encoder, inverter: Inverter, found: dict[str, list[Clip]], options):
    """5-s stretches of held-out clips: English and Spanish are one speaker, French another."""
    figures = {}
    streams = [
        (i, training_pass(encoder, [c for c in found[name] if not c.held_out], SEED + seed)[1])
        for i, name in enumerate(LANGUAGES)
        for seed in (300, 301)
    ]
    tests = [
        test_stream(encoder, [c for c in found[name] if c.held_out], SEED) for name in LANGUAGES
    ]
    for of in ("codes", "bands"):
        classifier = attacks.Classifier(of, 3, inverter.model if of == "codes" else None)
        items = [(x, i) for i, stream in streams for x in windows(stream, of, 37)]
        classifier.learn(items, options.classifier_steps, SEED)
        table = np.zeros((3, 3), int)
        for i, stream in enumerate(tests):
            for x in windows(stream, of, WINDOW_CODES):
                table[i, classifier.says(x)] += 1
        figures[of] = {"right": int(np.trace(table)), "asked": int(table.sum())}
        figures[of]["said_by_language"] = table.tolist()
        print("languages", of, figures[of], flush=True)
    return figures


def tell_digits(encoder: Encoder, inverter: Inverter, options):
    """Ten digits in synthetic voices that the classifier has not heard."""
    learned, asked = digits(60, False, SEED), digits(20, True, SEED + 1)
    names, figures = sorted({clip.words for clip in learned}), {}
    passes = [training_pass(encoder, learned, SEED + 400 + i) for i in range(2)]
    passes += [(asked, test_stream(encoder, asked, SEED))]
    for of in ("codes", "bands"):
        sets = [
            [
                (attacks.inputs(stream, (mid - 12, mid - 12 + DIGIT_CODES), of), names.index(c.words))
                for c, span in zip(order, stream.spans, strict=True)
                if 12 <= (mid := sum(span) // 2) < len(stream.codes) - 13
            ]
            for order, stream in passes
        ]
        classifier = attacks.Classifier(of, 10, inverter.model if of == "codes" else None)
        classifier.learn([*sets[0], *sets[1]], options.classifier_steps, SEED)
        right = sum(classifier.says(x) == y for x, y in sets[2])
        figures[of] = {"right": right, "asked": len(sets[2])}
        print("digits", of, figures[of], flush=True)
    return figures


def unseen(folder: Path, language: str) -> list[Clip]:
    found = [clip for clip in clips(folder, language) if len(clip.pcm) > 1.5 * RATE_HZ]
    return found[:: max(1, len(found) // UNSEEN_CLIPS)][:UNSEEN_CLIPS]


def measure(encoder: Encoder, options: argparse.Namespace) -> dict:
    train_folder, test_folder = options.corpus / "speech_train", options.corpus / "speech_test"
    words = transcripts(options.transcripts)
    found = {
        name: clips(train_folder, name, words if name == "en" else None) for name in LANGUAGES
    }
    learned = [clip for some in found.values() for clip in some if not clip.held_out]
    held = [clip for clip in found["en"] if clip.held_out]
    inverter = attacks.kept(
        options.work / "inverter.pt",
        lambda: attacks.inverter(encoder, learned, options.passes, options.inverter_steps, SEED),
    )
    result = {
        "encoder": options.encoder_id, "sha256": digest(layers_of(encoder)),
        "encoder_hops": {"context": encoder.context_hops, "mean": encoder.mean_hops},
        "steps": {"inverter": len(inverter.losses), "reader": options.reader_steps,
                  "classifier": options.classifier_steps},
        "minutes_learned": sum(len(clip.pcm) for clip in learned) / RATE_HZ / 60,
        "clips_learned": len(learned), "bands": {}, "hearing": {},
    }
    sets = {"en": held, "it": unseen(test_folder, "it"), "ru": unseen(test_folder, "ru")}
    for name, some in sets.items():
        stream = test_stream(encoder, some, SEED)
        bands = variants(inverter, stream)
        result["bands"][name] = {
            variant: band_errors(stream, values)
            for variant, values in bands.items()
            if variant != "true"
        } | {"clips": len(some), "minutes": sum(len(c.pcm) for c in some) / RATE_HZ / 60}
        print(name, result["bands"][name], flush=True)
        if name != "en":
            bands = {variant: bands[variant] for variant in ("true", "inverted", "other")}
        result["hearing"][name], audio = hearing(stream, bands, options.out, name)
        if name == "en":
            test, usable = stream, intelligibility.known_words({w for c in some for w in c.words})
            del audio["mean"]
            result["recogniser"] = recognised(stream, some, audio, usable)
    result["phones"] = read_phones(encoder, inverter, found["en"], test, options)
    result["languages"] = tell_languages(encoder, inverter, found, options)
    result["digits"] = tell_digits(encoder, inverter, options)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", type=Path)
    parser.add_argument("--encoder-id", type=int, default=2)
    parser.add_argument("--corpus", type=Path, required=True, help="has speech_train, speech_test")
    parser.add_argument("--transcripts", type=Path, required=True, help="core-sounds-en.txt.gz")
    parser.add_argument("--work", type=Path, required=True, help="trained networks are kept here")
    parser.add_argument("--out", type=Path, required=True, help="folder for audio to listen to")
    parser.add_argument("--docs", type=Path, default=Path("../docs"))
    parser.add_argument("--passes", type=int, default=4)
    parser.add_argument("--inverter-steps", type=int, default=900)
    parser.add_argument("--reader-steps", type=int, default=700)
    parser.add_argument("--classifier-steps", type=int, default=200)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for folder in (options.work, options.out, options.docs):
        folder.mkdir(parents=True, exist_ok=True)
    result = measure(load(options.network), options)
    (options.docs / "privacy.json").write_text(json.dumps(result, indent=1) + "\n")
    (options.docs / "privacy.md").write_text(privacy_report.page(result))


if __name__ == "__main__":
    main()
