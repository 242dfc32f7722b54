"""Gradients by reverse-mode differentiation; vector-Jacobian, Jacobian-vector and Hessian-vector products."""
