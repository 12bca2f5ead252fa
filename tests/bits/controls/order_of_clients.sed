# sim/channel.c: messages are added from the last client to the first
/^void channel_collect/,/^}/s/for (int64_t i = 0; i < slots; i++)/for (int64_t i = slots; i-- > 0;)/
