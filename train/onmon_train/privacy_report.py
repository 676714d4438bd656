"""docs/privacy.md from the figures: method, tables, what they mean and what they do not."""

from scipy import stats

HEARD = {
    "original": "the speech itself",
    "true": "resynthesis from the true log bands (upper bound)",
    "inverted": "resynthesis from the codes, inverted",
    "sharpened": "the same, modulation depth restored",
    "other": "inverted from the codes of other speech (floor)",
    "mean": "the mean spectrum (floor)",
}
SETS = {
    "en": "English, held-out sentences, speaker known",
    "it": "Italian, speaker and language not learned",
    "ru": "Russian, speaker and language not learned",
}


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(heads: list[str], rows: list[str]) -> list[str]:
    return [row(*heads), row(*["---"] * len(heads)), *rows, ""]


def share(right: int, asked: int) -> str:
    """With the 95 % interval (Wilson)."""
    interval = stats.binomtest(right, asked).proportion_ci(method="wilson")
    return f"{right} of {asked}, {100 * right / asked:.0f} % " + (
        f"({100 * interval.low:.0f} to {100 * interval.high:.0f})"
    )


def above(right: int, asked: int, chance: float) -> bool:
    """Above chance, one-sided, at 1 in 1,000."""
    return stats.binomtest(right, asked, chance, alternative="greater").pvalue < 0.001


def bands(result: dict) -> list[str]:
    rows = []
    for name, figures in result["bands"].items():
        for variant in ("inverted", "sharpened", "other", "mean"):
            f = figures[variant]
            correlation = "none" if variant == "mean" else f"{f['correlation']:.2f}"
            rows.append(row(
                SETS[name], HEARD[variant].removeprefix("resynthesis from "),
                f"{f['rmse_db']:.1f}", f"{f['rmse_centred_db']:.1f}", correlation,
            ))
    frames = sum(figures["mean"]["frames"] for figures in result["bands"].values())
    clips = ", ".join(
        f"{name} {f['clips']} clips, {f['minutes']:.1f} min" for name, f in result["bands"].items()
    )
    heads = ["speech", "bands", "error, dB", "each band's mean known, dB", "correlation"]
    return [
        "## Band spectrum",
        f"Root mean square over {frames:,} active 25-ms frames ({clips}) and 32 bands. The correlation is",
        "that of each band's movement about its mean in a clip, averaged over bands.",
        "",
        *table(heads, rows),
    ]


def intelligibility(result: dict) -> list[str]:
    rows = []
    for name, figures in result["hearing"].items():
        for key, f in figures.items():
            variant, way = key.split(", ")
            rows.append(row(
                SETS[name], HEARD[variant], way.replace("griffin_lim", "Griffin-Lim"),
                f"{f['stoi']:.2f}", f"{f['estoi']:.2f}", f["clips"],
            ))
    return [
        "## Intelligibility, predicted",
        "STOI and ESTOI against the original, mean over clips of a second and more. 1 is the original. They",
        "predict what listeners understand; they are not listeners.",
        "",
        *table(["speech", "heard", "by", "STOI", "ESTOI", "clips"], rows),
    ]


def recogniser(result: dict) -> list[str]:
    figures, rows = result["recogniser"], []
    for variant, text in HEARD.items():
        if f"{variant}, open" in figures:
            loose, known = figures[f"{variant}, open"], figures[f"{variant}, sentences"]
            rows.append(row(
                text, f"{loose['word_errors']:.0f} %", share(known["exact"], known["clips"])
            ))
    f = figures["original, open"]
    return [
        "## A recogniser that listens",
        f"PocketSphinx (US English) on {f['clips']} held-out English clips of three words and more,"
        f" {f['words']} words.",
        f"Once with any words (word error rate), once told that it is one of {figures['sentences']} sentences",
        "(named right, with 95 % interval). Resyntheses are by Griffin-Lim.",
        "",
        *table(["heard", "any words: errors", "one of the sentences: right"], rows),
    ]


def readers(result: dict) -> list[str]:
    rows = []
    for name in ("bands", "codes", "codes of another clip"):
        f = result["phones"][name]
        held, everything = f["held-out list"], f["all list"]
        rows.append(row(
            name, f"{f['phone_errors']:.0f} %", share(held["first"], held["asked"]),
            share(everything["first"], everything["asked"]),
        ))
    f = result["phones"]["codes"]
    held, everything = f["held-out list"]["sentences"], f["all list"]["sentences"]
    return [
        "## A recogniser made for codes",
        "The inverter's network, trained on to read phones (CTC) straight from the codes of the training",
        f"sentences; the same shape reading the log bands, untaught before, to compare. {f['clips']} held-out",
        f"clips, {f['phones']} phones. None of their sentences was in training. Then it ranks written sentences of",
        f"three words and more: {held} (the held-out ones) or {everything} (all).",
        "",
        *table(
            ["reads", "phone errors", f"right of {held}", f"right of {everything}"], rows
        ),
    ]


def classes(result: dict) -> list[str]:
    rows = []
    for of in ("bands", "codes"):
        digits, languages = result["digits"][of], result["languages"][of]
        rows.append(row(
            of, share(digits["right"], digits["asked"]),
            share(languages["right"], languages["asked"]),
        ))
    said = result["languages"]["codes"]["said_by_language"]
    english, spanish = said[0], said[1]
    apart = english[0] + spanish[1]
    return [
        "## Told apart from the codes alone",
        "Ten spoken digits (espeak-ng, voices not learned, position known; chance 10 %). English, Spanish or",
        "French from 5 s of held-out prompts (chance 33 %, but see below).",
        "",
        *table(["from", "digit", "language"], rows),
        f"French is another speaker than the other two, so that column mixes speaker and language. Of the"
        f" {sum(english) + sum(spanish)}",
        f"stretches of English and Spanish, one speaker, {apart} were given the right language from codes.",
        "",
    ]


def meaning(result: dict) -> list[str]:
    phones, heard = result["phones"], result["recogniser"]
    held, everything = phones["codes"]["held-out list"], phones["codes"]["all list"]
    digits, languages = result["digits"]["codes"], result["languages"]["codes"]
    known, loose = heard["inverted, sentences"], heard["inverted, open"]
    sharp = heard["sharpened, open"]
    found = [
        ("which of known sentences was said, by a network made for codes",
         above(held["first"], held["asked"], 1 / held["sentences"])),
        ("the same among all sentences",
         above(everything["first"], everything["asked"], 1 / everything["sentences"])),
        ("which of known sentences was said, by an ordinary recogniser that hears the inversion",
         above(known["exact"], known["clips"], 1 / heard["sentences"])),
        ("which of ten digits was said", above(digits["right"], digits["asked"], 0.1)),
        ("language or speaker", above(languages["right"], languages["asked"], 1 / 3)),
    ]
    leaks = any(yes for _, yes in found)
    errors = min(loose["word_errors"], sharp["word_errors"])
    english = result["bands"]["en"]
    gain = english["mean"]["rmse_centred_db"] - english["inverted"]["rmse_centred_db"]
    conclusion = (
        "**Codes carry content of speech. They are not anonymous, and not irreversible.**"
        if leaks
        else "**This attack got nothing above chance. That is no proof that none can.**"
    )
    return [
        "## What it means",
        conclusion,
        "",
        *[f"- Recoverable above chance (1 in 1,000): {text}: **{'yes' if yes else 'no'}**."
          for text, yes in found],
        f"- With each band's mean known, inversion lowers the error by {gain:.1f} dB of the"
        f" {english['mean']['rmse_centred_db']:.1f} dB by which speech moves.",
        f"- Free dictation by an ordinary recogniser that hears the inversion errs on {errors:.0f} % of the words,"
        f" where on the",
        f"  original it errs on {heard['original, open']['word_errors']:.0f} % and on the true log bands on"
        f" {heard['true, open']['word_errors']:.0f} %.",
        f"- A network made for codes errs on {phones['codes']['phone_errors']:.0f} % of the phones; given codes of"
        f" other speech, on {phones['codes of another clip']['phone_errors']:.0f} %.",
        "",
        "So: who can guess what may have been said can test the guess against the codes, as they test a",
        "recording's name. Treat codes of speech as personal data: send them encrypted, keep them no longer",
        "than the answer takes.",
        "" if leaks else "(Prudence, not a measured need.)",
        "",
        "## What it does not tell",
        f"- The attack is a small one: {result['minutes_learned']:.0f} minutes of speech"
        f" ({result['clips_learned']:,} clips), minutes of one processor core. More speech,",
        "  larger networks, a language model or a modern neural recogniser and vocoder will do better. The",
        "  figures are what is recoverable *at least*; nothing here bounds it from above.",
        "- It is also favoured: clean studio prompts, speech alone, a speaker learned before, prompts that share",
        "  wording. Far speech under music would give less.",
        "- PocketSphinx is a weak recogniser and made for 16 kHz: see its errors on the original. That the true",
        "  log bands are hard for it does not mean that people do not understand them.",
        "- Nobody listened in a controlled test. Digits are synthetic voices. One speaker for English words.",
        "- The inversion's parts are trained with one seed; differences of a few per cent mean nothing.",
        "- Whether a speaker can be told from another, all else equal, was not measured.",
    ]


def page(result: dict) -> str:
    steps, hops = result["steps"], result["encoder_hops"]
    lines = [
        "# Privacy: what of speech the codes give away",
        "",
        "Generated by `python -m onmon_train.privacy` (train/); the figures are in `privacy.json`. Do not edit.",
        "",
        f"Encoder **{result['encoder']}**, SHA-256 `{result['sha256']}`:",
        f"one byte per 50 ms, each from {hops['context']} hops of 50 ms ({hops['mean']} of them for the mean).",
        "",
        "## Method",
        f"The attacker knows the encoder, expects speech only and has {result['minutes_learned']:.0f} minutes of it"
        " (English, Spanish, French",
        "telephone prompts, two speakers), the speaker of the English test among it. A fifth of the sentences is",
        "held out: no held-out text occurs in training. White noise lies 54 dB below all speech. A network of",
        "residual temporal convolutions that sees 1.5 s either way is trained by least squares to turn codes",
        f"into the 32 log bands per 25 ms beneath them ({steps['inverter']} steps of 16 stretches of 20 s), each pass at",
        "other phases of the 50-ms grid and, mostly, at other speeds. Test codes are the integer encoder's.",
        "Bands become audio by spreading their power over the bins, as noise and by Griffin-Lim.",
        "",
        *bands(result),
        *intelligibility(result),
        *recogniser(result),
        *readers(result),
        *classes(result),
        *meaning(result),
    ]
    return "\n".join(lines) + "\n"
