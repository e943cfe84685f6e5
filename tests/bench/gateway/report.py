import json
def parts(place, e):
    for side in e.sides:
        print(f"{side:45} {e.whole(side):8.2f} {e.added(side):8.2f}" )
def comparison(place, mode, ex, delays, starts):
    import pickle
    pickle.dump({str(k):(v.samples) for k,v in ex.items()}, open(place.folder/'x.pickle','wb'))
    for k,e in ex.items():
        for s in e.sides: print(k,s,f"{e.whole(s):8.2f} {e.added(s):8.2f}")
    print(delays); print({k:{a:f"{b:.3f}" for a,b in v.items()} for k,v in starts.items()})
