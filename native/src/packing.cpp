#include "packing.h"

#include <cmath>

namespace {
constexpr int64_t rowMultiple = 32;  // matrix kernels and 8-bit blocks run along rows in weight-gradient products
constexpr int64_t keyMultiple = 16;
// Short blocks of neighbours are merged: fewer, larger products beat the masked work they waste.
constexpr int64_t mergeBelow = 64;

int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

bool sees(const RowIdentity & query, const RowIdentity & key, int64_t window) {
    return query.question >= 0 && query.question == key.question && key.position <= query.position &&
           (key.segment < 0 || key.segment == query.segment) && (window == 0 || query.position - key.position < window);
}

AttentionBlock block(Range queries, std::vector<Range> keys) {
    int64_t count = 0;
    for (const Range & range : keys) count += range.count;
    return {queries, std::move(keys), roundUp(count, keyMultiple)};
}
}  // namespace

std::vector<float> attentionMask(const Packing & packing, const AttentionBlock & block, int64_t window) {
    std::vector<float> mask((size_t) (block.queries.count * block.paddedKeys), -INFINITY);
    for (int64_t q = 0; q < block.queries.count; q++) {
        float * line = mask.data() + q * block.paddedKeys;
        for (const Range & range : block.keys)
            for (int64_t row = range.start; row < range.end(); row++, line++)
                if (sees(packing.identities[block.queries.start + q], packing.identities[row], window)) *line = 0;
    }
    return mask;
}

Packing pack(const std::vector<TokenRow> & questions) {
    Packing p;
    std::vector<RowIdentity> & rows = p.identities;
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
        if (merged.count > 0) p.prefixBlocks.push_back(block(merged, {merged}));
    }
    // Segments: responses of one question are merged while they are short.
    for (size_t i = 0; i < segments.size(); i++)
        for (size_t j = 0; j < segments[i].size();) {
            Range merged = segments[i][j++];
            while (j < segments[i].size() && merged.count + segments[i][j].count <= mergeBelow) merged.count += segments[i][j++].count;
            std::vector<Range> keys;
            if (prefixes[i].count > 0) keys.push_back(prefixes[i]);
            keys.push_back(merged);
            p.segmentBlocks.push_back(block(merged, keys));
        }
    return p;
}
