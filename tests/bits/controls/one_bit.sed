# sim/exp_core.h: the last bit of one coefficient of e^x, 1/6, is another
s/0x1\.5555555555557p-3/0x1.5555555555556p-3/
