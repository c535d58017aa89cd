#include "packing.h"

#include <cmath>

namespace {
constexpr int64_t rowMultiple = 32;  // matrix kernels and 8-bit blocks run along rows in weight-gradient products
constexpr int64_t keyMultiple = 16;
// Short blocks of neighbours are merged: fewer, larger products beat the masked work they waste.
constexpr int64_t mergeBelow = 64;

int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// What decides whether one row sees another.
struct RowIdentity {
    int32_t question = -1, segment = -1, position = 0;  // segment -1: prefix
    bool sees(const RowIdentity & key) const {
        return question >= 0 && question == key.question && key.position <= position && (key.segment < 0 || key.segment == segment);
    }
};

AttentionBlock block(Range queries, std::vector<Range> keys, const std::vector<RowIdentity> & rows) {
    int64_t count = 0;
    for (const Range & range : keys) count += range.count;
    AttentionBlock result{queries, std::move(keys), roundUp(count, keyMultiple), {}};
    result.mask.assign((size_t) (queries.count * result.paddedKeys), -INFINITY);
    for (int64_t q = 0; q < queries.count; q++) {
        float * line = result.mask.data() + q * result.paddedKeys;
        int64_t k = 0;
        for (const Range & range : result.keys)
            for (int64_t row = range.start; row < range.end(); row++, k++)
                if (rows[queries.start + q].sees(rows[row])) line[k] = 0;
    }
    return result;
}
}  // namespace

Packing pack(const std::vector<TokenRow> & questions) {
    Packing p;
    std::vector<RowIdentity> rows;
    std::vector<Range> prefixes;
    const auto add = [&](int32_t token, RowIdentity identity) {
        p.tokens.push_back(token);
        p.positions.push_back(identity.position);
        rows.push_back(identity);
    };
    const auto pad = [&] {
        while ((int64_t) rows.size() % rowMultiple != 0) add(0, RowIdentity{});
    };

    for (size_t i = 0; i < questions.size(); i++) {
        const auto & query = questions[i].query;
        prefixes.push_back({(int64_t) rows.size(), (int64_t) query.size() - 1});
        for (size_t t = 0; t + 1 < query.size(); t++) add(query[t], {(int32_t) i, -1, (int32_t) t});
    }
    pad();
    p.prefixRows = (int64_t) rows.size();

    std::vector<std::vector<Range>> segments;
    for (size_t i = 0; i < questions.size(); i++) {
        segments.emplace_back();
        p.responses.emplace_back();
        for (size_t j = 0; j < questions[i].responses.size(); j++) {
            const auto & response = questions[i].responses[j];
            const Range segment{(int64_t) rows.size(), (int64_t) response.size()};
            for (size_t t = 0; t < response.size(); t++) {
                const int32_t token = t == 0 ? questions[i].query.back() : response[t - 1];
                add(token, {(int32_t) i, (int32_t) j, (int32_t) (questions[i].query.size() - 1 + t)});
                p.targets.push_back(response[t]);
            }
            segments.back().push_back(segment);
            p.responses.back().push_back({segment.start - p.prefixRows, segment.count});
        }
    }
    pad();
    p.rows = (int64_t) rows.size();
    p.targets.resize((size_t) p.segmentRows(), 0);

    // Prefixes: neighbours are merged while they are short.
    for (size_t i = 0; i < prefixes.size();) {
        Range merged = prefixes[i++];
        while (i < prefixes.size() && merged.count + prefixes[i].count <= mergeBelow) merged.count += prefixes[i++].count;
        if (merged.count > 0) p.prefixBlocks.push_back(block(merged, {merged}, rows));
    }
    // Segments: responses of one question are merged while they are short.
    for (size_t i = 0; i < segments.size(); i++)
        for (size_t j = 0; j < segments[i].size();) {
            Range merged = segments[i][j++];
            while (j < segments[i].size() && merged.count + segments[i][j].count <= mergeBelow) merged.count += segments[i][j++].count;
            std::vector<Range> keys;
            if (prefixes[i].count > 0) keys.push_back(prefixes[i]);
            keys.push_back(merged);
            p.segmentBlocks.push_back(block(merged, keys, rows));
        }
    return p;
}
