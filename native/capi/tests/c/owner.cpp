// The header from C++: a class that owns a context, fed with floating point, against the golden
// vectors: `owner (RATE CHANNELS PCM CODES AFP)...`.
#include <onmon.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Free {
    void operator()(OnmonContext *context) const { onmon_free(context); }
};

void require(OnmonStatus status)
{
    if (status != ONMON_STATUS_OK) {
        throw std::runtime_error(onmon_error_message(static_cast<std::int32_t>(status)));
    }
}

class Fingerprinter {
public:
    Fingerprinter(std::uint32_t rate_hz, std::uint32_t channels) : context(onmon_new())
    {
        require(onmon_start(context.get(), rate_hz, channels));
    }

    void feed(const std::vector<float> &samples)
    {
        require(onmon_feed_float(context.get(), samples.data(), samples.size()));
    }

    std::vector<std::uint8_t> finish()
    {
        require(onmon_finish(context.get()));
        std::vector<std::uint8_t> bytes(ONMON_FINGERPRINT_BYTES_MAX);
        std::size_t length = 0;
        require(onmon_get_fingerprint(context.get(), bytes.data(), bytes.size(), &length));
        bytes.resize(length);
        return bytes;
    }

private:
    std::unique_ptr<OnmonContext, Free> context;
};

std::vector<std::uint8_t> read(const char *path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<float> floats(const std::vector<std::uint8_t> &pcm)
{
    std::vector<std::int16_t> samples(pcm.size() / 2);
    std::memcpy(samples.data(), pcm.data(), samples.size() * 2);
    std::vector<float> scaled;
    for (std::int16_t sample : samples) {
        scaled.push_back(static_cast<float>(sample) / 32768.0F);
    }
    return scaled;
}

} // namespace

int main(int argc, char **argv)
{
    for (int field = 1; field + 4 < argc; field += 5) {
        Fingerprinter fingerprinter(std::stoul(argv[field]), std::stoul(argv[field + 1]));
        fingerprinter.feed(floats(read(argv[field + 2])));
        if (fingerprinter.finish() != read(argv[field + 4])) {
            std::cerr << argv[field + 4] << ": other bytes\n";
            return 1;
        }
    }
    try {
        Fingerprinter refused(1, 1);
        std::cerr << "1 Hz was taken\n";
        return 1;
    } catch (const std::runtime_error &error) {
        std::cout << (argc - 1) / 5 << " vectors from C++; 1 Hz: " << error.what() << "\n";
    }
    return 0;
}
