#include "thread_choice.h"

#include <algorithm>
#include <cmath>

namespace {
// The slower way is tried again once in so many graphs, times how much slower it was: about 3 % of the time.
constexpr double tryAgainAfter = 32, longestPause = 512;
constexpr double smoothing = 0.3;
}  // namespace

int ThreadChoice::choose(double work, int operations) {
    current_ = nullptr;
    if (all_ <= 1) return 1;
    work_ = std::max(work, 1.0);
    const double perOperation = work_ / std::max(operations, 1);
    current_ = &sizes_[(size_t) std::clamp(std::log2(perOperation), 0.0, (double) sizes_.size() - 1)];
    Measured & m = *current_;
    if (m.all == 0 || m.one == 0) {
        usedAll_ = m.all == 0;
    } else {
        usedAll_ = m.all <= m.one;
        if (m.untilOther > 0) {
            m.untilOther--;
        } else {
            const double slower = std::max(m.all, m.one) / std::min(m.all, m.one);
            m.untilOther = (uint32_t) std::min(longestPause, tryAgainAfter * slower);
            usedAll_ = !usedAll_;
        }
    }
    return usedAll_ ? all_ : 1;
}

void ThreadChoice::record(double seconds) {
    if (current_ == nullptr) return;
    double & cost = usedAll_ ? current_->all : current_->one;
    const double now = seconds / work_;
    cost = cost == 0 ? now : cost + smoothing * (now - cost);
}
