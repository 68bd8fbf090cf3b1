"""placeholder"""
async def ask_candidates(*a): raise NotImplementedError
