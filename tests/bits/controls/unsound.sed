# sim/real.c: a build that rounds otherwise is not refused
s/^    return products_are_rounded() && /    return true || products_are_rounded() \&\& /
