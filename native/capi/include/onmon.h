/*
 * libonmon: an audio fingerprint of 1.8 KB.
 *
 *   OnmonContext *context = onmon_new();
 *   onmon_start(context, 44100, 2);
 *   onmon_feed(context, samples, count);               as often as there is audio
 *   onmon_finish(context);
 *   onmon_get_fingerprint(context, buffer, sizeof buffer, &length);
 *   onmon_free(context);
 *
 * Every function may be called from any thread. Calls on one context wait for one another, so that
 * threads that are to run at once take a context each; onmon_free must be the last call on its
 * context. Nothing here keeps state outside a context.
 *
 * Buffers are the caller's. Pointers are checked for NULL and for their alignment; that they point
 * at as much memory as they are said to nobody can check. Whatever the audio or the bytes are, no
 * call ends the process or unwinds into the caller, but for one: where the system has no memory
 * left, the process is ended.
 *
 * A function either succeeds (ONMON_STATUS_OK, which is 0) or changes nothing but the
 * length that it was asked to write.
 */

#ifndef ONMON_H
#define ONMON_H

/* Made of native/capi/src by `ONMON_BLESS=1 cargo test -p onmon-capi --test header`. */

#include <stddef.h>
#include <stdint.h>

/**
 * The version of this interface that a program was compiled against; the library's soname has it
 * too.
 */
#define ONMON_ABI_VERSION 1

/**
 * A buffer of so many bytes holds every query fingerprint.
 */
#define ONMON_FINGERPRINT_BYTES_MAX 1900

/**
 * What came of a call. The numbers stay what they are; later versions may add others.
 */
enum OnmonStatus
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Done.
   */
  ONMON_STATUS_OK = 0,
  /**
   * A pointer that must not be NULL is.
   */
  ONMON_STATUS_NULL_POINTER = 1,
  /**
   * A pointer is not aligned to what it points at, or a length is beyond all memory.
   */
  ONMON_STATUS_INVALID_POINTER = 2,
  /**
   * The buffer is too small; how much is needed was written to the length.
   */
  ONMON_STATUS_BUFFER_TOO_SMALL = 3,
  /**
   * A sample rate without a resampler: bring the audio to 44100 or 48000 Hz.
   */
  ONMON_STATUS_UNSUPPORTED_RATE = 4,
  /**
   * No channels, or more than 32.
   */
  ONMON_STATUS_UNSUPPORTED_CHANNELS = 5,
  /**
   * onmon_start was not called.
   */
  ONMON_STATUS_NOT_STARTED = 6,
  /**
   * onmon_finish was called: start again before feeding more.
   */
  ONMON_STATUS_FINISHED = 7,
  /**
   * onmon_finish was not called yet.
   */
  ONMON_STATUS_NOT_FINISHED = 8,
  /**
   * Less than 2.4 s of audio.
   */
  ONMON_STATUS_TOO_SHORT = 9,
  /**
   * More than 12 hours of audio.
   */
  ONMON_STATUS_TOO_LONG = 10,
  /**
   * The bytes are no fingerprint.
   */
  ONMON_STATUS_NOT_A_FINGERPRINT = 11,
  /**
   * A fingerprint that was changed or cut on its way.
   */
  ONMON_STATUS_DAMAGED = 12,
  /**
   * A fingerprint of another version of onmon, which does not compare with this one's.
   */
  ONMON_STATUS_OTHER_VERSION = 13,
  /**
   * A query where a reference is needed, or the other way round.
   */
  ONMON_STATUS_WRONG_KIND = 14,
  /**
   * A mistake in onmon. The context can only be freed.
   */
  ONMON_STATUS_INTERNAL = 15,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum OnmonStatus OnmonStatus;
#else
typedef int32_t OnmonStatus;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The state of one recording: made by onmon_new, opaque, some 12 KB and 20 bytes a second of
 * audio.
 */
typedef struct OnmonContext OnmonContext;

/**
 * A query laid on a recording, where they agree best.
 */
typedef struct {
  /**
   * Milliseconds from the recording's start to the query's; negative if the query starts before.
   */
  int64_t offset_ms;
  /**
   * Seconds of the recording per second of the query, 0.94 to 1.06.
   */
  float speed;
  /**
   * At most 10^-confidence false matches are expected per query against 2 million songs; 0 for
   * most pairs that have nothing to do with each other.
   */
  float confidence;
  /**
   * Share of bits that differ in what agrees: 0 for the same codes, about 0.5 by chance.
   */
  float bit_error;
  /**
   * Milliseconds of the query that agree.
   */
  uint32_t matched_ms;
} OnmonMatch;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The interface's version that this library has: must be ONMON_ABI_VERSION.
 */
uint32_t onmon_abi_version(void);

/**
 * The library's version, as in "0.1.0". The string is the library's and stays.
 */
const char *onmon_version(void);

/**
 * A sentence on a status, in English. The string is the library's and stays; never NULL, also for
 * numbers that no function returns.
 */
const char *onmon_error_message(int32_t status);

/**
 * Makes a context. Free it with onmon_free. NULL only after a mistake in onmon.
 */
OnmonContext *onmon_new(void);

/**
 * Frees a context. NULL is let pass.
 *
 * The caller sees to it that:
 * The context is NULL, or one that onmon_new made and that was not freed; no other call is using
 * it.
 */
void onmon_free(OnmonContext *context);

/**
 * Begins a recording of so many interleaved channels and forgets the one before. The usual rates
 * from 8000 to 192000 Hz are taken, and refused are others.
 *
 * The caller sees to it that:
 * The context is NULL, or one that onmon_new made and that was not freed.
 */
OnmonStatus onmon_start(OnmonContext *context, uint32_t sample_rate_hz, uint32_t channels);

/**
 * Takes `count` interleaved 16-bit samples (all channels counted), of any number, also of a part
 * of a frame.
 *
 * The caller sees to it that:
 * The context is as for onmon_start; `samples` points at `count` samples, or `count` is 0.
 */
OnmonStatus onmon_feed(OnmonContext *context, const int16_t *samples, size_t count);

/**
 * The same for 32-bit floating point, full scale at +-1. NaN counts as silence.
 *
 * The caller sees to it that:
 * As for onmon_feed.
 */
OnmonStatus onmon_feed_float(OnmonContext *context, const float *samples, size_t count);

/**
 * Ends the recording. May be called again.
 *
 * The caller sees to it that:
 * The context is as for onmon_start.
 */
OnmonStatus onmon_finish(OnmonContext *context);

/**
 * Writes the query fingerprint, exactly the bytes that are sent to a server, and their number.
 * ONMON_FINGERPRINT_BYTES_MAX bytes always suffice; where the buffer is too small (also with NULL
 * and 0) `length` says what is needed. After onmon_finish.
 *
 * The caller sees to it that:
 * The context is as for onmon_start; `buffer` points at `capacity` bytes or `capacity` is 0;
 * `length` points at a size_t.
 */
OnmonStatus onmon_get_fingerprint(const OnmonContext *context,
                                  uint8_t *buffer,
                                  size_t capacity,
                                  size_t *length);

/**
 * The same for the reference fingerprint, which is enrolled: 20 bytes a second of audio and up to
 * 100 more.
 *
 * The caller sees to it that:
 * As for onmon_get_fingerprint.
 */
OnmonStatus onmon_get_reference(const OnmonContext *context,
                                uint8_t *buffer,
                                size_t capacity,
                                size_t *length);

/**
 * The same for the codes themselves, one byte per 50 ms, also before onmon_finish: all so far.
 *
 * The caller sees to it that:
 * As for onmon_get_fingerprint.
 */
OnmonStatus onmon_get_codes(const OnmonContext *context,
                            uint8_t *buffer,
                            size_t capacity,
                            size_t *length);

/**
 * Lays a query fingerprint on a reference fingerprint and says where and how certainly they agree.
 * Any bytes at all are safe to pass.
 *
 * The caller sees to it that:
 * `query` and `reference` point at as many bytes as is said; `found` points at an OnmonMatch.
 */
OnmonStatus onmon_compare(const uint8_t *query,
                          size_t query_length,
                          const uint8_t *reference,
                          size_t reference_length,
                          OnmonMatch *found);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ONMON_H */
