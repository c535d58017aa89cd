// What kernels for AVX-512 share. The rest of the addon is compiled for every processor: such functions name their
// instructions and run only where the processor has them.
#pragma once
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define FOLKMOOT_HAS_AVX512
#include <immintrin.h>

#include <algorithm>
#include <cstdint>

#include "kernels.h"

#define FOLKMOOT_TARGET(more) __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq," more)))

inline bool hasAvx512() {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

constexpr int64_t lane = 16;  // of 32 bits in a register

// The lanes that lie within `count`.
inline __mmask16 within(int64_t count) { return count >= lane ? (__mmask16) 0xffff : (__mmask16) ((1u << std::max<int64_t>(count, 0)) - 1); }

// 16 × 16 of 32 bits, rows to columns.
__attribute__((target("avx512f"))) inline void transpose(__m512i * r) {
    __m512i t[16];
    for (int i = 0; i < 8; i++) {
        t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 4; i++) {
        r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
        r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
        r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
    }
}

// Tile::compute<Registers, Rows>: so many rows of X by so many registers of columns. Large tiles first, then smaller ones for
// the rows that are left.
template <typename Tile, int Registers, int Rows>
void computeTiles(const Stripe & s, int64_t row) {
    for (; row + Rows <= s.rows; row += Rows) Tile::template compute<Registers, Rows>(s, row);
    if constexpr (Rows > 1) computeTiles<Tile, Registers, Rows / 2>(s, row);
}

// A stripe in tiles of Tile::sums registers of sums: 64 columns at a time, fewer where fewer exist, with more rows for it.
// A column takes 32 bits of a row of the panel.
template <typename Tile>
void multiplyInTiles(const Stripe & whole) {
    for (int64_t n = 0; n < whole.columns; n += 4 * lane) {
        Stripe s = whole;
        s.panel = (const int32_t *) whole.panel + n;
        s.c += n;
        s.columns = std::min(4 * lane, whole.columns - n);
        if (s.columns <= lane) computeTiles<Tile, 1, Tile::sums>(s, 0);
        else if (s.columns <= 2 * lane) computeTiles<Tile, 2, Tile::sums / 2>(s, 0);
        else computeTiles<Tile, 4, Tile::sums / 4>(s, 0);
    }
}

#endif
