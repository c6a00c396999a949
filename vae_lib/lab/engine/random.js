// PyTorch's generator for the CPU: the same seed gives the numbers of torch.rand and torch.randn.

const SIZE = 624;

/** A Mersenne twister, as `torch.Generator().manual_seed(seed)` is one. */
export class Random {
  /** @param {number} seed a whole number from 0 to 2³² − 1 */
  constructor(seed) {
    this.state = new Uint32Array(SIZE);
    this.state[0] = seed;
    for (let i = 1; i < SIZE; i++) {
      const before = this.state[i - 1] ^ (this.state[i - 1] >>> 30);
      this.state[i] = Math.imul(before, 1812433253) + i;
    }
    this.place = SIZE;
    /** @type {number | undefined} the other one of two normal numbers */
    this.spare = undefined;
  }

  /** @returns {number} the next 32 bits, as a whole number */
  bits() {
    if (this.place === SIZE) this.#twist();
    let y = this.state[this.place++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #twist() {
    const { state } = this;
    for (let i = 0; i < SIZE; i++) {
      const y = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
      state[i] = state[(i + 397) % SIZE] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.place = 0;
  }

  /** @returns {number} a number from [0, 1), with 53 bits: torch.rand in double precision */
  uniform() {
    const high = this.bits() & 0x1fffff;
    return (high * 2 ** 32 + this.bits()) * 2 ** -53;
  }

  /** @returns {number} a draw from N(0, 1): torch.randn, one at a time, in double precision */
  normal() {
    if (this.spare !== undefined) {
      const spare = this.spare;
      this.spare = undefined;
      return spare;
    }
    const angle = 2 * Math.PI * this.uniform();
    const radius = Math.sqrt(-2 * Math.log1p(-this.uniform()));
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /**
   * @param {number} count
   * @returns {Float64Array} that many draws from N(0, 1)
   */
  normals(count) {
    return Float64Array.from({ length: count }, () => this.normal());
  }

  /**
   * @param {number} count
   * @returns {number[]} 0 … count − 1 in random order
   */
  permutation(count) {
    const order = Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = Math.floor(this.uniform() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}
