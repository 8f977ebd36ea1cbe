(memory (export "memory") 8192)
