// The innermost loops in F32, compiled once for each set of instructions: registers of LANE floats, at most REGISTERS of
// them beside each other, REGISTERS · ROWS sums in all. Panels are [k][width].
typedef float Vector __attribute__((vector_size(LANE * 4), aligned(4)));

template <int Registers, int Rows>
void tile(const float * panel, int64_t panelWidth, int64_t depth, const float * x, int64_t xStride, float * c, int64_t cStride, bool accumulate) {
    Vector sum[Rows][Registers];
    for (int i = 0; i < Rows; i++)
        for (int j = 0; j < Registers; j++) {
            if (accumulate) sum[i][j] = *(const Vector *) (c + i * cStride + j * LANE);
            else sum[i][j] = Vector{};
        }
    for (int64_t k = 0; k < depth; k++, panel += panelWidth) {
        Vector w[Registers];
        for (int j = 0; j < Registers; j++) w[j] = *(const Vector *) (panel + j * LANE);
        for (int i = 0; i < Rows; i++) {
            const float value = x[i * xStride + k];
            for (int j = 0; j < Registers; j++) sum[i][j] += w[j] * value;
        }
    }
    for (int i = 0; i < Rows; i++)
        for (int j = 0; j < Registers; j++) *(Vector *) (c + i * cStride + j * LANE) = sum[i][j];
}

// Columns [n, n + Registers · LANE) of all rows from `row` on; beyond the last column of C is no room to write to.
template <int Registers, int Rows>
void tiles(const Stripe & s, int64_t n, int64_t row) {
    constexpr int64_t width = Registers * LANE;
    const float * panel = (const float *) s.panel + n;
    for (; row + Rows <= s.rows; row += Rows) {
        const float * x = (const float *) s.x + row * s.xStride;
        float * c = s.c + row * s.cStride + n;
        if (s.columns - n >= width) {
            tile<Registers, Rows>(panel, s.panelWidth, s.depth, x, s.xStride, c, s.cStride, s.accumulate);
            continue;
        }
        float room[Rows * width] = {};
        if (s.accumulate)
            for (int64_t i = 0; i < Rows; i++) std::copy(c + i * s.cStride, c + i * s.cStride + s.columns - n, room + i * width);
        tile<Registers, Rows>(panel, s.panelWidth, s.depth, x, s.xStride, room, width, true);
        for (int64_t i = 0; i < Rows; i++) std::copy(room + i * width, room + i * width + s.columns - n, c + i * s.cStride);
    }
    if constexpr (Rows > 1) tiles<Registers, Rows / 2>(s, n, row);
}

// Wide tiles first; what is narrower than one has more rows for it.
void multiplyPanel(const Stripe & s) {
    int64_t n = 0;
    for (; s.columns - n > (REGISTERS - 1) * LANE; n += REGISTERS * LANE) tiles<REGISTERS, ROWS>(s, n, 0);
    for (; n < s.columns; n += LANE) tiles<1, REGISTERS * ROWS>(s, n, 0);
}
