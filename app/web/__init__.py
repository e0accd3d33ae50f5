"""DOOR 2: a person acts. Pages and interfaces for programs; one module and one template folder per audience."""
