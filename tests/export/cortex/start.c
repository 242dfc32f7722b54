/* What an Arm MPS2 board with a Cortex-M4 does first: the vector table, the floating-point unit, the C library. */

extern void _start(void);

void Reset_Handler(void)
{
    *(volatile unsigned *)0xE000ED88 |= 0xFu << 20;
    _start();
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static void (*const vectors[2])(void) = {
    (void (*)(void))0x20400000, Reset_Handler
};
