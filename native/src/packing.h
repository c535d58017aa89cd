// How the questions of one forward lie in one row.
//
//   [ prefix of question 1 | prefix of question 2 | … | pad | segments of question 1 | segments of question 2 | … | pad ]
//
// A question's prefix is its query without the last token; a response's segment is [last query token, response without
// its last token]. Row t of a segment then predicts exactly the t-th response token, rows and targets pair up one to
// one, and all of them lie in one stretch. Positions of every segment restart after the prefix and the mask lets a
// segment see its own question's prefix and itself: the same log-probabilities as separate rows (trainer.md, "Prefix
// sharing"), for one pass over the prompt.
#pragma once
#include <cstdint>
#include <vector>

struct TokenRow {
    std::vector<int32_t> query;
    std::vector<std::vector<int32_t>> responses;
};

struct Range {
    int64_t start, count;
    int64_t end() const { return start + count; }
};

// Rows `queries` attend to the rows of `keys` (in this order) under a mask.
struct AttentionBlock {
    Range queries;
    std::vector<Range> keys;
    // keys padded to a multiple of 16 with rows that nobody sees (ggml's fast matrix kernels want it)
    int64_t paddedKeys;
};

// What decides whether one row sees another: same question, not later, a prefix or the same response.
struct RowIdentity {
    int32_t question = -1, segment = -1, position = 0;  // segment -1: prefix; question -1: padding
};

struct Packing {
    std::vector<int32_t> tokens;     // per row, padding 0
    std::vector<int32_t> positions;  // per row
    std::vector<RowIdentity> identities;
    std::vector<int32_t> targets;    // per segment row: the token it predicts, padding 0
    int64_t prefixRows = 0;          // padded
    int64_t rows = 0;                // padded
    std::vector<AttentionBlock> prefixBlocks, segmentBlocks;
    // Where the segment rows of response j of question i start, counted from prefixRows; and how many there are.
    std::vector<std::vector<Range>> responses;
    int64_t segmentRows() const { return rows - prefixRows; }
};

// Rows must hold at least one query token, one response, and one token in each response (checked by the caller).
Packing pack(const std::vector<TokenRow> & rows);

// [queries][paddedKeys]: 0 where a query sees a key, else -INFINITY. `window` 0 = all earlier positions.
std::vector<float> attentionMask(const Packing & packing, const AttentionBlock & block, int64_t window);
