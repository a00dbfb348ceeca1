"""What is measured. Each module runs as a process of its own, under the interpreter of the system it measures.

So these import nothing but the standard library and the SDK they are told to.
"""
